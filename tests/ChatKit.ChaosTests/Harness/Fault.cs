namespace ChatKit.ChaosTests.Harness;

/// <summary>A fault.</summary>
/// <param name="At">The time since the start of the run.</param>
/// <param name="Kind">The kind of the fault.</param>
/// <param name="Which">A number from 0 to 1 that selects the target.</param>
/// <param name="Time">The duration.</param>
/// <param name="Bytes">The number of bytes after which a connection is cut.</param>
/// <param name="TowardsServer">Whether the fault affects the direction towards the server.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, double Which, TimeSpan Time, int Bytes, bool TowardsServer);

internal enum FaultKind
{
    /// <summary>A node is killed and started again.</summary>
    NodeKilled,

    /// <summary>A node is frozen.</summary>
    NodeFrozen,

    /// <summary>Redis is killed and started again.</summary>
    RedisKilled,

    /// <summary>Redis is frozen.</summary>
    RedisFrozen,

    /// <summary>A connection is cut, possibly in the middle of a frame.</summary>
    ConnectionCut,

    /// <summary>All connections of a node are cut.</summary>
    AllCut,

    /// <summary>A connection stalls in one direction.</summary>
    ConnectionStalled,

    /// <summary>A client reads nothing.</summary>
    ReaderPaused,

    /// <summary>A client is disconnected for a while.</summary>
    ClientAway,

    /// <summary>A user is disconnected on all nodes.</summary>
    UserKicked,

    /// <summary>A user is disconnected just after the nodes have lost their subscriptions.</summary>
    UserKickedUnheard,

    /// <summary>Redis loses the presence of a room.</summary>
    PresenceLost,

    /// <summary>Redis loses the messages of a room.</summary>
    MessagesLost,

    /// <summary>Redis loses the last position of a room.</summary>
    MetaLost,

    /// <summary>Many clients join a room at once, resume at once, and leave.</summary>
    JoinStorm,
}
