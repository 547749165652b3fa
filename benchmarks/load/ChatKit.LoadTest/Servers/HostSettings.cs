namespace ChatKit.LoadTest.Servers;

/// <summary>Settings of the host. Some are environment variables that must be set when the process starts.</summary>
[Flags]
internal enum HostSettings
{
    Default = 0,

    /// <summary>The socket transport runs the code after a read on its own thread instead of queueing it to the pool.</summary>
    InlineScheduling = 1,

    /// <summary>Socket operations complete on the thread that waits for epoll instead of on the pool.</summary>
    InlineCompletions = 2,

    /// <summary>Idle pool threads sleep at once.</summary>
    NoSpinning = 4,

    /// <summary>Code is optimized without profiling first.</summary>
    NoProfiling = 8,

    /// <summary>Code is fully optimized at once.</summary>
    NoTiering = 16,

    /// <summary>The youngest generation has at most 6 MiB, so collections are many and short.</summary>
    SmallGenerations = 32,

    /// <summary>ChatKit's transport reads and writes the sockets (UseChatKitSockets).</summary>
    Sockets = 64,

    /// <summary>The settings that <c>docs/performance.md</c> recommends.</summary>
    Recommended = Sockets,
}
