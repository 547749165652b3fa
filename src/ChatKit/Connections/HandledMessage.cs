namespace ChatKit.Connections;

/// <summary>
/// The message that a connection's handler is handling, if it is not a text or binary message in the home room. Flows with the handler's
/// calls: work that the handler starts and does not await keeps it.
/// </summary>
internal sealed class HandledMessage
{
    private static readonly AsyncLocal<HandledMessage?> Ambient = new();

    private readonly string _connectionId;
    private readonly ReadOnlyMemory<byte> _json;

    private HandledMessage(WebSocketConnection connection, string room, WebSocketMessage message)
    {
        (_connectionId, Room) = (connection.Id, room);
        _json = message.IsJson ? message.Data : default;
    }

    /// <summary>The room that the message addresses, in which the connection broadcasts by default.</summary>
    public string Room { get; }

    /// <summary>Sets the message for what the calling asynchronous method calls from now on.</summary>
    public static void Set(WebSocketConnection connection, string room, WebSocketMessage message) =>
        Ambient.Value = new HandledMessage(connection, room, message);

    /// <summary>The message that a connection's handler is handling; null if it is an ordinary one in the home room, or if there is none.</summary>
    public static HandledMessage? Of(WebSocketConnection connection) =>
        Ambient.Value is { } handled && handled._connectionId == connection.Id ? handled : null;

    /// <summary>Whether the message is JSON, and a handler passes it on as a text.</summary>
    public bool IsJson(ReadOnlyMemory<byte> text) => !_json.IsEmpty && text.Span.SequenceEqual(_json.Span);
}
