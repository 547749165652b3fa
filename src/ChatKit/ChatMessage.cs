using System.Net.WebSockets;
using System.Text;

namespace ChatKit;

/// <summary>A message of a room as history and backplane carry it: data only, and immutable.</summary>
/// <param name="type">Text or binary.</param>
/// <param name="data">The payload; for a text its UTF-8 bytes. Not copied: it must not change afterwards.</param>
/// <param name="at">When the message was accepted, by the clock of the node that accepted it.</param>
public sealed class ChatMessage(WebSocketMessageType type, ReadOnlyMemory<byte> data, DateTimeOffset at)
{
    private ChatMessage(ChatMessage source)
        : this(source.Type, source.Data, source.At)
    {
        From = source.From;
        ConnectionId = source.ConnectionId;
        Audience = source.Audience;
        Position = source.Position;
        IdempotencyKey = source.IdempotencyKey;
        TraceParent = source.TraceParent;
    }

    /// <summary>Text or binary.</summary>
    public WebSocketMessageType Type { get; } = type;

    /// <summary>The payload; for a text its UTF-8 bytes.</summary>
    public ReadOnlyMemory<byte> Data { get; } = data;

    /// <summary>When the message was accepted, by the clock of the node that accepted it.</summary>
    public DateTimeOffset At { get; } = at;

    /// <summary>The sender's <see cref="WebSocketConnection.UserId"/>; null if the sender is anonymous or the application itself.</summary>
    public string? From { get; init; }

    /// <summary>The sender's <see cref="WebSocketConnection.Id"/>; null if the application itself has sent the message.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>Who of the room receives the message. The default is <see cref="Audience.Everyone"/>.</summary>
    public Audience Audience { get; init; }

    /// <summary>The place in the room's stream; null for an ephemeral message, which is in no history.</summary>
    public MessagePosition? Position { get; init; }

    /// <summary>
    /// Makes storing the message again safe: of several with the same key, within 5 minutes in one room, a history stores the first and
    /// answers the others with its position. Null, the default: every message is stored.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// The span that has published the message, as a W3C <c>traceparent</c>; null if it is not recorded. A backplane between nodes carries
    /// it, so that their spans belong to the same trace.
    /// </summary>
    public string? TraceParent { get; init; }

    /// <summary>The payload as text. Decodes anew at each call; bytes that are not UTF-8 become U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Data.Span);

    /// <summary>The same message at a place in the room's stream.</summary>
    /// <param name="position">The position that the history has given.</param>
    public ChatMessage WithPosition(MessagePosition position) => new(this) { Position = position };

    internal ChatMessage WithIdempotencyKey(string key) => new(this) { IdempotencyKey = key };

    internal ChatMessage WithSender(string userId) => new(this) { From = userId };

    internal ChatMessage WithTraceParent(string? traceParent) => new(this) { TraceParent = traceParent };
}
