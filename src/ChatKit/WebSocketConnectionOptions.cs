using ChatKit.Validation;
using ChatKit.WebSockets;
using Microsoft.Extensions.Options;

namespace ChatKit;

/// <summary>What holds for each connection of an endpoint.</summary>
public class WebSocketConnectionOptions
{
    /// <summary>
    /// The largest message a client may send, in bytes after decompression. Default: 64 KiB; 1 byte to 64 MiB. A larger one
    /// closes the connection with 1009. Each connection may hold up to 16 such messages while its handler is busy.
    /// </summary>
    public int MaxMessageSize { get; set; } = 64 * 1024;

    /// <summary>
    /// How many messages a second a client may send for ever. Default: null, as many as its handler takes; 0.001 to 1,000,000. 32 pings,
    /// pongs or fragments count as one. When a client exceeds it, what it sent before is handled, and then the connection is closed with
    /// 1008; a client that speaks <see cref="ChatKitSubprotocol.V1"/> is told which message was the first that was not handled.
    /// </summary>
    public double? MaxMessagesPerSecond { get; set; }

    /// <summary>
    /// How many messages a client may send at once where <see cref="MaxMessagesPerSecond"/> is set. Default: 100; 1 to 1,000,000. A
    /// client that was away sends at once what it has not been able to send.
    /// </summary>
    public int MaxMessageBurst { get; set; } = 100;

    /// <summary>
    /// After how long a silence the client is pinged (RFC 6455 section 5.5.2). Default: 20 seconds; 10 milliseconds to a day, or
    /// <see cref="Timeout.InfiniteTimeSpan"/> for never, which leaves clients that vanished unnoticed.
    /// </summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long after a ping the client may stay silent before it counts as gone. Default: 20 seconds; 10 milliseconds to a day.
    /// Anything the client sends counts as an answer. Nor may the network take longer to accept what is being sent to the client, and
    /// a second more for each 16 KiB of it: a client that goes on sending but reads nothing counts as gone too.
    /// </summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long a client may stay without sending a message; pings and pongs are none. Default:
    /// <see cref="Timeout.InfiniteTimeSpan"/>, for ever; else 10 milliseconds to a day. Then the connection is closed with 1000. The time
    /// that its handler is busy does not count against a client.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// How many messages the home room keeps. Default: null, <see cref="ChatKitOptions.HistoryCapacity"/>. 0 = none: what these
    /// connections broadcast in it is not stored, and nothing is replayed to them; at most 100,000.
    /// </summary>
    public int? HistoryCapacity { get; set; }

    /// <summary>
    /// How many bytes may wait for a client that reads slowly. Default: 1 MiB; 1 KiB to 1 GiB. A client beyond it is behind: it is
    /// resumed from history once it has read, or closed with 1008 if the room has none.
    /// </summary>
    public int OutboundQueueLimit { get; set; } = 1024 * 1024;

    /// <summary>
    /// Whether the rooms know that the endpoint's connections are in them: <see cref="IRoomPresence"/> lists them, and clients that speak
    /// <see cref="ChatKitSubprotocol.V1"/> are told who is there, who comes, and who goes. Default: false. Costs the store a write for each
    /// who comes or goes, and a read for each room at its check; and the clients a frame each time, which in large rooms is a lot.
    /// </summary>
    public bool TrackPresence { get; set; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsValidationException">Names each property that is out of range, its value, and what is allowed.</exception>
    public void Validate()
    {
        var problems = Problems().ToList();
        if (problems.Count > 0)
            throw new OptionsValidationException(GetType().Name, GetType(), problems);
    }

    /// <summary>Says what is wrong with the options, one text a problem. Overridden to check further ones.</summary>
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
            HistoryCapacity is { } capacity ? Problem(nameof(HistoryCapacity), capacity, 0, 100_000) : null,
            Problem(nameof(OutboundQueueLimit), OutboundQueueLimit, 1024, 1024 * 1024 * 1024),
        ];
        return problems.OfType<string>();
    }

    private string? Problem<T>(string property, T value, T min, T max)
        where T : IComparable<T> =>
        OptionRange.Problem($"{GetType().Name}.{property}", value, min, max);
}
