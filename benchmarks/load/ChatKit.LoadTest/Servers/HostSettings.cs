namespace ChatKit.LoadTest.Servers;

/// <summary>What an application can set besides its code. Some of it are variables that the process must be started with.</summary>
[Flags]
internal enum HostSettings
{
    Default = 0,

    /// <summary>The socket transport runs what follows a read on its own thread instead of queueing it to the pool.</summary>
    InlineScheduling = 1,

    /// <summary>A socket's operation is completed on the thread that epoll woke instead of on the pool.</summary>
    InlineCompletions = 2,

    /// <summary>Threads of the pool go to sleep at once when there is nothing to do.</summary>
    NoSpinning = 4,

    /// <summary>Code is compiled for good without first being watched.</summary>
    NoProfiling = 8,

    /// <summary>Code is compiled for good at once.</summary>
    NoTiering = 16,

    /// <summary>What <c>docs/performance.md</c> recommends.</summary>
    Recommended = InlineScheduling,
}
