namespace ChatKit.ChaosTests.Harness;

/// <summary>Something that goes wrong.</summary>
/// <param name="At">When, from the beginning.</param>
/// <param name="Kind">What.</param>
/// <param name="Which">A number from 0 to 1: what it hits, of all that there is.</param>
/// <param name="Time">How long it lasts.</param>
/// <param name="Bytes">After how many more bytes a connection is cut.</param>
/// <param name="TowardsServer">In which direction a connection is hit.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, double Which, TimeSpan Time, int Bytes, bool TowardsServer);

internal enum FaultKind
{
    /// <summary>A node is killed, and started again.</summary>
    NodeKilled,

    /// <summary>A node stands still.</summary>
    NodeFrozen,

    /// <summary>Redis is killed, and started again.</summary>
    RedisKilled,

    /// <summary>Redis stands still.</summary>
    RedisFrozen,

    /// <summary>A connection is cut, perhaps in a frame.</summary>
    ConnectionCut,

    /// <summary>All connections of a node are cut.</summary>
    AllCut,

    /// <summary>A connection carries nothing in one direction.</summary>
    ConnectionStalled,

    /// <summary>A client reads nothing.</summary>
    ReaderPaused,

    /// <summary>A client is away.</summary>
    ClientAway,

    /// <summary>A user is disconnected on all nodes.</summary>
    UserKicked,

    /// <summary>A user is disconnected just after the nodes have lost their subscriptions.</summary>
    UserKickedUnheard,

    /// <summary>Redis loses who is in a room.</summary>
    PresenceLost,

    /// <summary>Redis loses the messages of a room.</summary>
    MessagesLost,

    /// <summary>Redis loses the last position of a room.</summary>
    MetaLost,

    /// <summary>Many clients join a room at once, resume at once, and leave.</summary>
    JoinStorm,
}
