using System.Security.Claims;

namespace ChatKit;

/// <summary>What holds for all endpoints and rooms of the application.</summary>
public sealed class ChatKitOptions
{
    /// <summary>
    /// How many messages a room keeps unless its endpoint says otherwise. Default: 100; 0 = none, at most 100,000. Each joining
    /// client is sent that many.
    /// </summary>
    public int HistoryCapacity { get; set; } = 100;

    /// <summary>
    /// How many rooms the history in memory keeps. Default: 20,000; 1 to 10,000,000. Beyond it the rooms that were not used for the longest
    /// time are forgotten. Does not apply to other histories.
    /// </summary>
    public int MaxRoomsInMemory { get; set; } = 20_000;

    /// <summary>
    /// How long after its last message a room's history is kept. Default: 30 days; at least a second. Afterwards the messages are gone; the
    /// room's positions go on for as long as anybody is in the room, and as long again.
    /// </summary>
    public TimeSpan RoomTimeToLive { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How many rooms one connection may be in, its home room included. Default: 128; 1 to 100,000.</summary>
    public int MaxRoomsPerConnection { get; set; } = 128;

    /// <summary>
    /// Says which user a client is, as <see cref="WebSocketConnection.UserId"/> has it; null or empty for an anonymous client. Default: the
    /// claim <see cref="ClaimTypes.NameIdentifier"/>, else <c>sub</c>. What it returns must be unique to the user: never a display name,
    /// because two people with the same one would be one user for presence, refs, limits and <see cref="IRoomBroadcaster"/>.
    /// </summary>
    public Func<ClaimsPrincipal, string?> UserId { get; set; } = WebSocketConnectionInfo.IdOf;

    /// <summary>
    /// How long a client may take to answer a close frame before the connection is cut; and how long a client that has closed, or broken
    /// the protocol, waits at most for the answers to the messages that it sent before. Default: 5 seconds; 100 milliseconds to an hour.
    /// </summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Over what time the connections are closed (1012) when the host stops. Default: 5 seconds; 0 = all at once, at most an hour. They
    /// are closed in waves, 100 at least every 100 milliseconds, so that those who connect again do not all come at once; a few are
    /// closed at once. Together with <see cref="CloseTimeout"/> it should be shorter than the host's shutdown time-out
    /// (<c>HostOptions.ShutdownTimeout</c>, 30 seconds), at which the rest is cut.
    /// </summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often a room compares what it has delivered with its history, to find what the backplane lost or never carried. Default:
    /// 10 seconds; 10 milliseconds to an hour. Shorter finds it sooner and costs one read of the history per room each time.
    /// </summary>
    public TimeSpan RoomCheckInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The capacity to append with where nobody knows the room's own: none if nothing is kept by default, else null, which leaves
    /// the room as it is.
    /// </summary>
    internal int? CapacityElsewhere => HistoryCapacity == 0 ? 0 : null;

    /// <summary>
    /// Within what time the clients of a node that stops come back. As long as they are let go, so that the others get them no faster;
    /// and never at once, because whoever distributes them has to notice that this node takes no more.
    /// </summary>
    internal TimeSpan ReturnTime => DrainTime > ShortestReturn ? DrainTime : ShortestReturn;

    private static readonly TimeSpan ShortestReturn = TimeSpan.FromSeconds(1);
}
