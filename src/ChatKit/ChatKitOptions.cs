using System.Security.Claims;

namespace ChatKit;

/// <summary>Options that apply to all endpoints and rooms of the application.</summary>
public sealed class ChatKitOptions
{
    /// <summary>The largest value of <see cref="HistoryCapacity"/>, here and for an endpoint.</summary>
    internal const int MaxHistoryCapacity = 100_000;

    /// <summary>
    /// The number of messages that a room keeps, unless its endpoint overrides it. Default: 100; at most 100,000; 0 keeps none. A client that
    /// joins receives them, or the last <see cref="WebSocketConnectionOptions.ReplayLimit"/> of them.
    /// </summary>
    public int HistoryCapacity { get; set; } = 100;

    /// <summary>
    /// The number of rooms that the in-memory history keeps. Default: 20,000; 1 to 10,000,000. When there are more, the least recently used
    /// rooms are removed. Doesn't apply to other histories.
    /// </summary>
    public int MaxRoomsInMemory { get; set; } = 20_000;

    /// <summary>
    /// How long a room's history is kept after its last message. Default: 30 days; at least a second. Then the messages are removed. The
    /// room's positions continue while anybody is in the room, and for the same period after that.
    /// </summary>
    public TimeSpan RoomTimeToLive { get; set; } = TimeSpan.FromDays(30);

    /// <summary>The number of rooms that one connection can be in, including its home room. Default: 128; 1 to 100,000.</summary>
    public int MaxRoomsPerConnection { get; set; } = 128;

    /// <summary>
    /// The number of members up to which a room with presence sends lists. Default: 1,000; 0 to 1,000,000. In a room with more members, clients
    /// that speak <see cref="ChatKitSubprotocol.V1"/> receive only the number of members, at most once a second. Lists return when a tenth fewer
    /// than the limit are left.
    /// </summary>
    public int PresenceListLimit { get; set; } = 1_000;

    /// <summary>
    /// Returns the id of a client's user, which becomes <see cref="WebSocketConnection.UserId"/>; null or empty for an anonymous client.
    /// Default: the claim <see cref="ClaimTypes.NameIdentifier"/>, or else <c>sub</c>. The id must be unique to the user. Don't use a
    /// display name: two people with the same name would be one user for presence, refs, limits and <see cref="IRoomBroadcaster"/>.
    /// </summary>
    public Func<ClaimsPrincipal, string?> UserId { get; set; } = WebSocketConnectionInfo.IdOf;

    /// <summary>
    /// How long the server waits for a client to answer a close frame before it aborts the connection. It also limits how long a client
    /// that closed the connection, or violated the protocol, waits for the answers to its earlier messages. Default: 5 seconds; 100
    /// milliseconds to an hour.
    /// </summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The time over which connections are closed (1012) when the host stops. Default: 5 seconds; at most an hour; 0 closes all of them at
    /// once. Connections are closed in waves, at least 100 every 100 milliseconds, so that clients don't all reconnect at the same moment.
    /// A small number is closed at once. If other nodes share the <see cref="IBackplane"/>, clients that speak
    /// <see cref="ChatKitSubprotocol.V1"/> are served until they have connected to one of them, or until this time has passed. Keep the sum of
    /// this and <see cref="CloseTimeout"/> below the host's shutdown timeout (<c>HostOptions.ShutdownTimeout</c>, 30 seconds), which aborts the
    /// remaining connections.
    /// </summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often a room compares what it has delivered with its history, to find messages that the backplane lost or never carried.
    /// Default: 10 seconds; 10 milliseconds to an hour. A shorter interval finds them sooner. Each check costs one read of the history per
    /// room.
    /// </summary>
    public TimeSpan RoomCheckInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The capacity to append with when the room's own capacity isn't known: 0 if nothing is kept by default; otherwise null, which leaves
    /// the room's capacity unchanged.
    /// </summary>
    internal int? CapacityElsewhere => HistoryCapacity == 0 ? 0 : null;

    /// <summary>
    /// The time within which the clients of a stopping node reconnect. It is at least <see cref="DrainTime"/>, so that the other nodes
    /// don't receive them faster than this node closes them. It is never zero, because the load balancer needs time to notice that this
    /// node accepts no more connections.
    /// </summary>
    internal TimeSpan ReturnTime => DrainTime > MinReturnTime ? DrainTime : MinReturnTime;

    /// <summary>
    /// The number of live members from which several processors share the fan-out of a room. With fewer, waking another thread costs more time
    /// than it saves.
    /// </summary>
    internal int SharedFanOutFrom { get; set; } = Environment.ProcessorCount > 1 ? 500 : int.MaxValue;

    private static readonly TimeSpan MinReturnTime = TimeSpan.FromSeconds(1);
}
