namespace ChatKit;

/// <summary>
/// Calls a handler's callbacks as a connection does. Use it to unit-test a handler, with a <see cref="WebSocketConnection"/> that replaces
/// a client's connection.
/// </summary>
public sealed class WebSocketHandlerDriver
{
    private readonly WebSocketHandler _handler;

    /// <summary>Creates a driver and attaches the connection to the handler.</summary>
    /// <param name="handler">The handler.</param>
    /// <param name="connection">The connection.</param>
    public WebSocketHandlerDriver(WebSocketHandler handler, WebSocketConnection connection)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(connection);
        _handler = handler;
        handler.Attach(connection);
    }

    /// <summary>Calls <see cref="WebSocketHandler.OnOpenAsync"/>.</summary>
    public ValueTask OpenAsync() => _handler.OnOpenAsync();

    /// <summary>
    /// Calls <see cref="WebSocketHandler.AuthorizeRoomAsync"/>, as a connection does before it joins a room. A test's own
    /// <see cref="WebSocketConnection.JoinAsync"/> doesn't have to call it.
    /// </summary>
    /// <param name="room">The room's name.</param>
    public ValueTask<bool> AuthorizeRoomAsync(string room) => _handler.AuthorizeRoomAsync(room);

    /// <summary>Calls <see cref="WebSocketHandler.OnMessageAsync"/>, with <see cref="WebSocketMessage.Room"/> set to the home room.</summary>
    /// <param name="message">The client's message.</param>
    public ValueTask ReceiveAsync(WebSocketMessage message) => _handler.ReceiveAsync(message);

    /// <summary>Calls <see cref="WebSocketHandler.OnEditAsync"/>.</summary>
    /// <param name="request">The client's request.</param>
    public ValueTask EditAsync(EditRequest request) => _handler.OnEditAsync(request);

    /// <summary>Calls <see cref="WebSocketHandler.OnDeleteAsync"/>.</summary>
    /// <param name="request">The client's request.</param>
    public ValueTask DeleteAsync(DeleteRequest request) => _handler.OnDeleteAsync(request);

    /// <summary>Calls <see cref="WebSocketHandler.OnSignalAsync"/>.</summary>
    /// <param name="signal">The client's signal.</param>
    public ValueTask ReceiveAsync(RoomSignal signal) => _handler.OnSignalAsync(signal);

    /// <summary>Calls <see cref="WebSocketHandler.OnCloseAsync"/>.</summary>
    /// <param name="close">How the connection ended.</param>
    public ValueTask CloseAsync(CloseInfo close) => _handler.OnCloseAsync(close);
}
