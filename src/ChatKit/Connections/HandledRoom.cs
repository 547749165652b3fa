namespace ChatKit.Connections;

/// <summary>
/// The room of the message that a connection's handler is handling, if it is not the home room. Flows with the handler's calls: work that
/// the handler starts and does not await keeps the room.
/// </summary>
internal sealed class HandledRoom
{
    private static readonly AsyncLocal<HandledRoom?> Ambient = new();

    private readonly string _connectionId;
    private readonly string _room;

    private HandledRoom(WebSocketConnection connection, string room) => (_connectionId, _room) = (connection.Id, room);

    /// <summary>Sets the room for what the calling asynchronous method calls from now on.</summary>
    public static void Set(WebSocketConnection connection, string room) => Ambient.Value = new HandledRoom(connection, room);

    /// <summary>The room in which a connection broadcasts by default.</summary>
    public static string Of(WebSocketConnection connection) =>
        Ambient.Value is { } handled && handled._connectionId == connection.Id ? handled._room : connection.Room;
}
