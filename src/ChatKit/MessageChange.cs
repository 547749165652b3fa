using System.Net.WebSockets;

namespace ChatKit;

/// <summary>Replaces the payload of a stored message, or removes it. The message keeps its position.</summary>
public sealed record MessageChange
{
    /// <summary>The position of the message.</summary>
    public required MessagePosition Position { get; init; }

    /// <summary>Whether the message is deleted. <see cref="Data"/> is empty then. Default: false, it is edited.</summary>
    public bool IsDeletion { get; init; }

    /// <summary>Whether the new payload is text or binary. Default: text.</summary>
    public WebSocketMessageType Type { get; init; }

    /// <summary>Whether the new payload, a text, is JSON. Default: false.</summary>
    public bool IsJson { get; init; }

    /// <summary>The new payload. For text, its UTF-8 bytes. The bytes aren't copied, so don't change them afterwards.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The time of the change, by the clock of the node that accepted it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The <see cref="WebSocketConnection.UserId"/> of whoever changes the message; null if unknown. Default: null.</summary>
    public string? By { get; init; }

    /// <summary>
    /// Makes it safe to apply the change more than once: within 5 minutes in one room, only the first change with a key is applied.
    /// Messages and changes share the keys. Default: null, the change is always applied.
    /// </summary>
    public string? IdempotencyKey { get; init; }
}
