using System.Net.WebSockets;
using System.Text;

namespace ChatKit;

/// <summary>A room's message, as the history and the backplane carry it. It is immutable and contains only data.</summary>
public sealed class ChatMessage
{
    // Two of these are created for each message, and every stored one stays in memory, so the fields are packed.
    private readonly string? _epoch;
    private readonly Rare? _rare;
    private readonly long _sequence;
    private readonly long _ticks;
    private readonly short _offsetMinutes;
    private readonly byte _type;
    private readonly byte _audience;
    private readonly bool _hasPosition;

    /// <summary>Creates a message.</summary>
    /// <param name="type">Whether the message is text or binary.</param>
    /// <param name="data">The payload. For a text message, its UTF-8 bytes. The bytes aren't copied, so don't change them afterwards.</param>
    /// <param name="at">The time at which the message was accepted, by the clock of the node that accepted it.</param>
    public ChatMessage(WebSocketMessageType type, ReadOnlyMemory<byte> data, DateTimeOffset at)
    {
        (_type, Data) = ((byte)type, data);
        (_ticks, _offsetMinutes) = (at.Ticks, (short)at.TotalOffsetMinutes);
    }

    private ChatMessage(ChatMessage source)
        : this(source, source.Type, source.Data)
    {
    }

    private ChatMessage(ChatMessage source, WebSocketMessageType type, ReadOnlyMemory<byte> data)
        : this(type, data, source.At)
    {
        From = source.From;
        ConnectionId = source.ConnectionId;
        (_audience, _epoch, _sequence, _hasPosition) = (source._audience, source._epoch, source._sequence, source._hasPosition);
        (_rare, IsJson) = (source._rare, source.IsJson);
    }

    /// <summary>Whether the message is text or binary.</summary>
    public WebSocketMessageType Type => (WebSocketMessageType)_type;

    /// <summary>The payload. For a text message, its UTF-8 bytes.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The time at which the message was accepted, by the clock of the node that accepted it.</summary>
    public DateTimeOffset At => new(_ticks, TimeSpan.FromMinutes(_offsetMinutes));

    /// <summary>
    /// The sender's <see cref="WebSocketConnection.UserId"/>; null if the sender is anonymous, or if the application sent the message.
    /// </summary>
    public string? From { get; init; }

    /// <summary>The sender's <see cref="WebSocketConnection.Id"/>; null if the application sent the message.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>The members of the room that receive the message. Default: <see cref="Audience.Everyone"/>.</summary>
    public Audience Audience
    {
        get => (Audience)_audience;
        init => _audience = (byte)value;
    }

    /// <summary>The position in the room's stream; null for an ephemeral message, which isn't stored.</summary>
    public MessagePosition? Position
    {
        get => _hasPosition ? new MessagePosition(_epoch ?? "", _sequence) : null;
        init => (_hasPosition, _epoch, _sequence) = (value is not null, value?.Epoch, value.GetValueOrDefault().Sequence);
    }

    /// <summary>
    /// Makes it safe to store the message more than once. Of all messages with the same key, within 5 minutes in one room, a history stores
    /// the first and returns its position for the others. Default: null, every message is stored.
    /// </summary>
    public string? IdempotencyKey
    {
        get => _rare?.IdempotencyKey;
        init => _rare = value == IdempotencyKey ? _rare : (_rare ?? Rare.None) with { IdempotencyKey = value };
    }

    /// <summary>
    /// The span that published the message, as a W3C <c>traceparent</c>; null if no span was recorded. A backplane carries it to the other
    /// nodes, so that their spans belong to the same trace.
    /// </summary>
    public string? TraceParent
    {
        get => _rare?.TraceParent;
        init => _rare = value == TraceParent ? _rare : (_rare ?? Rare.None) with { TraceParent = value };
    }

    /// <summary>
    /// The revision of the room in which the message was last edited or deleted; null if it never was. Revisions count up by one in each
    /// room, from 1.
    /// </summary>
    public long? Revision
    {
        get => _rare?.Change?.Revision;
        init => _rare = value == Revision ? _rare : (_rare ?? Rare.None).With((_rare?.Change ?? LastChange.None) with { Revision = value });
    }

    /// <summary>The time of the last edit or deletion, by the clock of the node that accepted it; null if there was none.</summary>
    public DateTimeOffset? ChangedAt
    {
        get => _rare?.Change?.ChangedAt;
        init => _rare = value == ChangedAt ? _rare : (_rare ?? Rare.None).With((_rare?.Change ?? LastChange.None) with { ChangedAt = value });
    }

    /// <summary>The <see cref="WebSocketConnection.UserId"/> of whoever last edited or deleted the message; null if unknown or none.</summary>
    public string? ChangedBy
    {
        get => _rare?.Change?.ChangedBy;
        init => _rare = value == ChangedBy ? _rare : (_rare ?? Rare.None).With((_rare?.Change ?? LastChange.None) with { ChangedBy = value });
    }

    /// <summary>Whether the message was deleted. It keeps its position, and has no payload.</summary>
    public bool IsDeleted
    {
        get => _rare?.Change?.IsDeleted == true;
        init => _rare = value == IsDeleted ? _rare : (_rare ?? Rare.None).With((_rare?.Change ?? LastChange.None) with { IsDeleted = value });
    }

    /// <summary>
    /// Whether the payload of a text message is JSON (RFC 8259). Clients that speak <see cref="ChatKitSubprotocol.V1"/> then receive it as
    /// JSON, and other clients receive its text. Default: false.
    /// </summary>
    public bool IsJson { get; init; }

    /// <summary>The payload as text. Each call decodes it again. Invalid UTF-8 becomes U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Data.Span);

    /// <summary>Returns a copy of the message at a position in the room's stream.</summary>
    /// <param name="position">The position that the history assigned.</param>
    public ChatMessage WithPosition(MessagePosition position) => new(this) { Position = position };

    /// <summary>Returns the message as it is after a change. Use it to implement <see cref="IMessageHistory.ChangeAsync"/>.</summary>
    /// <param name="change">The change.</param>
    /// <param name="revision">The revision that the history assigned to the change.</param>
    public ChatMessage With(MessageChange change, long revision)
    {
        ArgumentNullException.ThrowIfNull(change);
        return new ChatMessage(this, change.Type, change.Data)
        {
            IdempotencyKey = null,
            Revision = revision,
            ChangedAt = change.At,
            ChangedBy = change.By,
            IsDeleted = change.IsDeletion,
            IsJson = change.IsJson,
        };
    }

    internal ChatMessage WithIdempotencyKey(string key) => new(this) { IdempotencyKey = key };

    internal ChatMessage AsJson() => new(this) { IsJson = true };

    internal ChatMessage WithSender(string userId) => new(this) { From = userId };

    internal ChatMessage WithTraceParent(string? traceParent) => new(this) { TraceParent = traceParent };

    /// <summary>What most messages don't have.</summary>
    private sealed record Rare(string? IdempotencyKey, string? TraceParent, LastChange? Change)
    {
        public static Rare None { get; } = new(null, null, null);

        public Rare With(LastChange change) => this with { Change = change };
    }

    /// <summary>The last edit or deletion.</summary>
    private sealed record LastChange(long? Revision, DateTimeOffset? ChangedAt, string? ChangedBy, bool IsDeleted)
    {
        public static LastChange None { get; } = new(null, null, null, IsDeleted: false);
    }
}
