namespace ChatKit.AspNetCore.Sockets;

/// <summary>What epoll reports of a socket (epoll_ctl(2)).</summary>
[Flags]
internal enum PollEvents : uint
{
    None = 0,
    Readable = 0x1,
    Writable = 0x4,
    Failed = 0x8,
    HungUp = 0x10,

    /// <summary>The other side sends nothing more. What it has sent may not be read yet.</summary>
    OtherSideEnded = 0x2000,

    /// <summary>Any of the events with which a connection can end.</summary>
    Ended = Failed | HungUp | OtherSideEnded,

    /// <summary>Report each event once, instead of as long as it applies.</summary>
    Once = 0x80000000,
}
