using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using ChatKit.WebSockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatKit;

/// <summary>Options that apply to each connection of an endpoint.</summary>
public class WebSocketConnectionOptions
{
    /// <summary>
    /// The maximum size of a client's message, in bytes after decompression. Default: 64 KiB; 1 byte to 64 MiB. A larger message closes the
    /// connection with 1009. Each connection can hold up to 16 such messages while its handler is busy.
    /// </summary>
    public int MaxMessageSize { get; set; } = 64 * 1024;

    /// <summary>
    /// The sustained rate at which a client can send, in messages per second. Default: null, no limit other than its handler's pace; 0.001
    /// to 1,000,000. 32 pings, pongs or fragments count as one message. When a client exceeds the rate, the messages within it are still
    /// handled, and then the connection is closed with 1008. A client that speaks <see cref="ChatKitSubprotocol.V1"/> is notified of the
    /// first message that was not handled.
    /// </summary>
    public double? MaxMessagesPerSecond { get; set; }

    /// <summary>
    /// The number of messages that a client can send in a burst, if <see cref="MaxMessagesPerSecond"/> is set. Default: 100; 1 to
    /// 1,000,000. A client that was disconnected sends its pending messages in a burst.
    /// </summary>
    public int MaxMessageBurst { get; set; } = 100;

    /// <summary>
    /// How long a client can be silent before the server pings it (RFC 6455 section 5.5.2). Default: 20 seconds; 10 milliseconds to a day.
    /// <see cref="Timeout.InfiniteTimeSpan"/> turns pings off, and lost connections then go unnoticed.
    /// </summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long the server waits after a ping before it treats a silent client as disconnected. Default: 20 seconds; 10 milliseconds to a
    /// day. Anything that the client sends counts as an answer. The same limit, plus a second for each 16 KiB, applies to a write to the
    /// client. A client that sends but never reads is therefore treated as disconnected too.
    /// </summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long a client can stay connected without sending a message, before the connection is closed with 1000. Pings and pongs don't
    /// count as messages, and time in which the handler is busy doesn't count as idle. Default: <see cref="Timeout.InfiniteTimeSpan"/>, no
    /// limit; otherwise 10 milliseconds to a day.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// The number of messages that the home room keeps. Default: null, <see cref="ChatKitOptions.HistoryCapacity"/>; at most 100,000. With
    /// 0, messages that these connections broadcast in the room aren't stored, and no messages are replayed to them.
    /// </summary>
    public int? HistoryCapacity { get; set; }

    /// <summary>
    /// The maximum number of stored messages that a client receives when it joins a room without stating the last position that it has: the
    /// latest ones. A client that states its position receives everything that it has missed and that is stored. Clients that speak
    /// <see cref="ChatKitSubprotocol.V1"/> can request older messages. Default: 100; at least 1, at most 100,000.
    /// </summary>
    public int ReplayLimit { get; set; } = 100;

    /// <summary>
    /// The number of bytes that can be queued for a slow client. Default: 1 MiB; 1 KiB to 1 GiB. A client that exceeds the limit falls
    /// behind. When half of the queue is free, it receives the missed messages from the history. If the room has no history, the client is
    /// closed with 1008.
    /// </summary>
    public int OutboundQueueLimit { get; set; } = 1024 * 1024;

    /// <summary>
    /// Whether clients that speak <see cref="ChatKitSubprotocol.V1"/> can join and leave rooms, and send messages to the rooms that they
    /// are in. Default: false. If true, a client can ask for any room by name: override <see cref="WebSocketHandler.AuthorizeRoomAsync"/>,
    /// which allows all rooms by default. <see cref="ChatKitOptions.MaxRoomsPerConnection"/> limits the number of rooms.
    /// </summary>
    public bool AllowClientJoins { get; set; }

    /// <summary>
    /// Whether the server keeps, for each user and room, up to which message the user has read it. Default: false. Clients that speak
    /// <see cref="ChatKitSubprotocol.V1"/> say what was read, and receive the user's cursor and the number of unread messages when they join
    /// a room. <see cref="IRoomReads"/> counts unread messages for the application. Anonymous clients have no cursor. Each client costs the
    /// store at most one write per second and room, and one read for each join.
    /// </summary>
    public bool TrackReads { get; set; }

    /// <summary>
    /// Whether all members of a room are notified when a user has read it, and not only the user's own clients. Default: false. Has no effect
    /// without <see cref="TrackReads"/>. In a large room, this is expensive: each member costs each other member up to one frame per second.
    /// </summary>
    public bool ShareReads { get; set; }

    /// <summary>
    /// Whether presence is tracked for the endpoint's connections. If true, <see cref="IRoomPresence"/> lists them, and clients that speak
    /// <see cref="ChatKitSubprotocol.V1"/> are notified of who is in a room, who joins and who leaves. Default: false. Presence costs the
    /// store a write for each join and leave, and a read for each check of a room. It also costs each client a frame for each change, up to
    /// <see cref="ChatKitOptions.PresenceListLimit"/> members.
    /// </summary>
    public bool TrackPresence { get; set; }

    /// <summary>The filters, in the order in which they are called.</summary>
    internal List<Func<IServiceProvider, IWebSocketHandlerFilter>> Filters { get; } = [];

    /// <summary>
    /// Adds a filter, which is called around the callbacks of the handler. Filters are called in the order in which they are added: the first
    /// one is the outermost. Without filters, nothing is allocated for them.
    /// </summary>
    /// <typeparam name="TFilter">The filter. Each connection has its own instance, created from its service scope.</typeparam>
    public void AddFilter<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFilter>()
        where TFilter : class, IWebSocketHandlerFilter
    {
        var factory = ActivatorUtilities.CreateFactory<TFilter>(Type.EmptyTypes);
        Filters.Add(services => factory(services, []));
    }

    /// <summary>Validates the options.</summary>
    /// <exception cref="OptionsValidationException">
    /// An option is out of range. The message names each such property, its value, and the allowed range.
    /// </exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public void Validate()
    {
        var problems = Problems().ToList();
        if (problems.Count > 0)
            throw new OptionsValidationException(GetType().Name, GetType(), problems);
    }

    /// <summary>Returns the problems with the options, one text for each problem. Override it to check further options.</summary>
    protected virtual IEnumerable<string> Problems()
    {
        var shortest = TimeSpan.FromMilliseconds(10);
        var longest = TimeSpan.FromDays(1);
        string?[] problems =
        [
            Problem(nameof(MaxMessageSize), MaxMessageSize, 1, MessageSize.Max),
            MaxMessagesPerSecond is { } rate ? Problem(nameof(MaxMessagesPerSecond), rate, 0.001, 1_000_000) : null,
            Problem(nameof(MaxMessageBurst), MaxMessageBurst, 1, 1_000_000),
            PingInterval == Timeout.InfiniteTimeSpan ? null : Problem(nameof(PingInterval), PingInterval, shortest, longest),
            Problem(nameof(PingTimeout), PingTimeout, shortest, longest),
            IdleTimeout == Timeout.InfiniteTimeSpan ? null : Problem(nameof(IdleTimeout), IdleTimeout, shortest, longest),
            HistoryCapacity is { } capacity ? Problem(nameof(HistoryCapacity), capacity, 0, ChatKitOptions.MaxHistoryCapacity) : null,
            Problem(nameof(ReplayLimit), ReplayLimit, 1, ChatKitOptions.MaxHistoryCapacity),
            Problem(nameof(OutboundQueueLimit), OutboundQueueLimit, 1024, 1024 * 1024 * 1024),
        ];
        return problems.OfType<string>();
    }

    private string? Problem<T>(string property, T value, T min, T max)
        where T : IComparable<T> =>
        OptionRange.Problem($"{GetType().Name}.{property}", value, min, max);
}
