using System.Net.WebSockets;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit;

/// <summary>
/// Handles one client. Derive from this class, override the callbacks you need, and map the handler to a route with
/// <c>MapWebSocketHandler</c>. Each connection has its own instance, created from its own service scope. The callbacks of an instance never
/// run concurrently.
/// </summary>
/// <remarks>
/// The scope and the services injected from it live as long as the connection. For services with a shorter lifetime, such as a
/// <c>DbContext</c>, use <see cref="CreateScope"/> or inject an <c>IDbContextFactory</c>.
/// </remarks>
public abstract class WebSocketHandler
{
    private WebSocketConnection? _connection;

    /// <summary>The client's connection.</summary>
    /// <exception cref="InvalidOperationException">
    /// The property was read in the constructor. It is available from <see cref="OnOpenAsync"/> on.
    /// </exception>
    protected WebSocketConnection Connection => _connection ?? throw new InvalidOperationException(
        "The handler has no connection yet. Move the code that needs it from the constructor to OnOpenAsync.");

    /// <summary>
    /// The home room's name: the route value <c>room</c>, or else the route's pattern, unless the endpoint's option <c>HomeRoom</c> returns
    /// another name. Rooms are global: endpoints that use the same name share the room and its history.
    /// </summary>
    protected string Room => Connection.Room;

    /// <summary>
    /// Called when the client has connected, before it joins the home room. To refuse the client, call <see cref="CloseAsync"/>. Messages
    /// that arrive in the meantime are queued. If this method throws, the connection is closed with 1011, except for a
    /// <see cref="HistoryUnavailableException"/> and a <see cref="RoomAccessDeniedException"/>.
    /// </summary>
    protected internal virtual ValueTask OnOpenAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// Decides whether the client can be in a room. Called each time the client is about to join one: for the home room after
    /// <see cref="OnOpenAsync"/>, and for other rooms when the handler calls <see cref="JoinAsync"/>, the application calls
    /// <see cref="IRoomBroadcaster.JoinUserAsync"/>, or the client asks to join (<see cref="WebSocketConnectionOptions.AllowClientJoins"/>).
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <returns>True, the default, to let the client in; false to deny access.</returns>
    /// <remarks>
    /// Until this method returns true, the client receives nothing from the room: no stored or live messages, no position and no presence. If
    /// it denies access to the home room, the connection is closed with 1008, unless the method has closed it with another code. If it throws,
    /// the room isn't joined and the connection is closed with 1011. It isn't called again while the client is in the room; to remove the
    /// client, call <see cref="LeaveAsync"/>, <see cref="IRoomBroadcaster.LeaveUserAsync"/> or
    /// <see cref="IRoomBroadcaster.DisconnectUserAsync"/>. It doesn't control broadcasts: decide in <see cref="OnMessageAsync"/> what a client
    /// can send. Don't call <see cref="JoinAsync"/> from this method; that would call it again.
    /// </remarks>
    protected internal virtual ValueTask<bool> AuthorizeRoomAsync(string room) => ValueTask.FromResult(true);

    /// <summary>
    /// Called when the client has sent a message. If it throws, the connection is closed with 1011. <see cref="MessageRefusedException"/>,
    /// <see cref="HistoryUnavailableException"/> and <see cref="RoomAccessDeniedException"/> leave it open. While it runs, pings are answered
    /// and up to 16 more messages are read and queued. Then the client has to wait.
    /// </summary>
    /// <param name="message">The message.</param>
    protected internal abstract ValueTask OnMessageAsync(WebSocketMessage message);

    /// <summary>
    /// Called when a client asks to edit a stored message of a room that it is in. To allow it, call
    /// <see cref="EditAsync(MessagePosition, string, string?, CancellationToken)"/>. The default refuses with the code <c>forbidden</c>.
    /// Exceptions are handled like those of <see cref="OnMessageAsync"/>.
    /// </summary>
    /// <param name="request">The message, and what it is to become.</param>
    protected internal virtual ValueTask OnEditAsync(EditRequest request) =>
        throw new MessageRefusedException("forbidden", "Messages can't be edited here.");

    /// <summary>
    /// Called when a client asks to delete a stored message of a room that it is in. To allow it, call <see cref="DeleteAsync"/>. The default
    /// refuses with the code <c>forbidden</c>. Exceptions are handled like those of <see cref="OnMessageAsync"/>.
    /// </summary>
    /// <param name="request">The message.</param>
    protected internal virtual ValueTask OnDeleteAsync(DeleteRequest request) =>
        throw new MessageRefusedException("forbidden", "Messages can't be deleted here.");

    /// <summary>
    /// Called when a client that speaks <see cref="ChatKitSubprotocol.V1"/> has sent a signal, such as that its user is typing. The default
    /// refuses it: the client receives the error <c>forbidden</c>. To pass it on, override the method and call <see cref="SignalAsync"/>.
    /// Exceptions have the same effect as in <see cref="OnMessageAsync"/>.
    /// </summary>
    /// <param name="signal">The signal.</param>
    protected internal virtual ValueTask OnSignalAsync(RoomSignal signal) =>
        throw new MessageRefusedException("forbidden", "This endpoint does not accept signals.");

    /// <summary>
    /// Called when the connection has ended and has left all rooms. It is called exactly once for each call of <see cref="OnOpenAsync"/>,
    /// even if that failed, and never while another callback is running. Exceptions are logged.
    /// </summary>
    /// <param name="close">How the connection ended.</param>
    protected internal virtual ValueTask OnCloseAsync(CloseInfo close) => ValueTask.CompletedTask;

    /// <summary>Sends a text to this client only. Waits while the client's outbound queue is full.</summary>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Cancels the wait. The message is then not sent.</param>
    /// <exception cref="WebSocketClosedException">The connection is closed or closing.</exception>
    /// <exception cref="ArgumentException">The message is larger than 64 MiB.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The message isn't sent.</exception>
    protected ValueTask SendAsync(string text, CancellationToken cancellationToken = default) => Connection.SendAsync(text, cancellationToken);

    /// <summary>Sends bytes, as a binary message, to this client only. Waits while the client's outbound queue is full.</summary>
    /// <param name="data">The bytes. They are copied before this method returns.</param>
    /// <param name="cancellationToken">Cancels the wait. The message is then not sent.</param>
    /// <exception cref="WebSocketClosedException">The connection is closed or closing.</exception>
    /// <exception cref="ArgumentException">The message is larger than 64 MiB.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The message isn't sent.</exception>
    protected ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) =>
        Connection.SendAsync(data, cancellationToken);

    /// <inheritdoc cref="WebSocketConnection.SendJsonAsync"/>
    protected ValueTask SendJsonAsync(string json, CancellationToken cancellationToken = default) =>
        Connection.SendJsonAsync(json, cancellationToken);

    /// <summary>
    /// Sends a text to everyone in the room of the message that is being handled, else in the home room, unless <paramref name="options"/>
    /// specify otherwise. Completes when the message is accepted (stored and published); it never waits for a client to read it.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    /// <exception cref="ArgumentException">
    /// The room in <paramref name="options"/> isn't a valid room name, or the message is larger than 64 MiB.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The message may still be accepted.</exception>
    protected virtual ValueTask BroadcastAsync(
        string text, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        Connection.BroadcastAsync(text, options, cancellationToken);

    /// <summary>
    /// Sends bytes, as a binary message, to everyone in the room of the message that is being handled, else in the home room, unless
    /// <paramref name="options"/> specify otherwise. Completes when the message is accepted (stored and published); it never waits for a
    /// client to read it.
    /// </summary>
    /// <param name="data">The bytes. They are copied before this method returns.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    /// <exception cref="ArgumentException">
    /// The room in <paramref name="options"/> isn't a valid room name, or the message is larger than 64 MiB.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The message may still be accepted.</exception>
    protected virtual ValueTask BroadcastAsync(
        ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        Connection.BroadcastAsync(data, options, cancellationToken);

    /// <summary>
    /// Sends a text as <see cref="BroadcastAsync(string, BroadcastOptions?, CancellationToken)"/> does, and returns its position. Use it to
    /// link your own data to messages.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    /// <returns>The message's position in the room; null if it isn't stored.</returns>
    /// <exception cref="ArgumentException">
    /// The room in <paramref name="options"/> isn't a valid room name, or the message is larger than 64 MiB.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The message may still be accepted.</exception>
    protected ValueTask<MessagePosition?> PublishAsync(
        string text, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        Connection.PublishAsync(text, options, cancellationToken);

    /// <summary>
    /// Sends bytes as <see cref="BroadcastAsync(ReadOnlyMemory{byte}, BroadcastOptions?, CancellationToken)"/> does, and returns their
    /// position.
    /// </summary>
    /// <param name="data">The bytes. They are copied before this method returns.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    /// <returns>The message's position in the room; null if it isn't stored.</returns>
    /// <exception cref="ArgumentException">
    /// The room in <paramref name="options"/> isn't a valid room name, or the message is larger than 64 MiB.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The message may still be accepted.</exception>
    protected ValueTask<MessagePosition?> PublishAsync(
        ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        Connection.PublishAsync(data, options, cancellationToken);

    /// <inheritdoc cref="WebSocketConnection.EditAsync(MessagePosition, string, string?, CancellationToken)"/>
    protected ValueTask<bool> EditAsync(
        MessagePosition position, string text, string? room = null, CancellationToken cancellationToken = default) =>
        Connection.EditAsync(position, text, room, cancellationToken);

    /// <inheritdoc cref="WebSocketConnection.EditJsonAsync"/>
    protected ValueTask<bool> EditJsonAsync(
        MessagePosition position, string json, string? room = null, CancellationToken cancellationToken = default) =>
        Connection.EditJsonAsync(position, json, room, cancellationToken);

    /// <inheritdoc cref="WebSocketConnection.EditAsync(MessagePosition, ReadOnlyMemory{byte}, string?, CancellationToken)"/>
    protected ValueTask<bool> EditAsync(
        MessagePosition position, ReadOnlyMemory<byte> data, string? room = null, CancellationToken cancellationToken = default) =>
        Connection.EditAsync(position, data, room, cancellationToken);

    /// <inheritdoc cref="WebSocketConnection.DeleteAsync"/>
    protected ValueTask<bool> DeleteAsync(MessagePosition position, string? room = null, CancellationToken cancellationToken = default) =>
        Connection.DeleteAsync(position, room, cancellationToken);

    /// <summary>
    /// Sends a signal, such as that a user is typing, to the others in a room that speak <see cref="ChatKitSubprotocol.V1"/>. A signal is never
    /// stored and has no position. Clients that read slowly receive the latest of each sender and name, or none.
    /// </summary>
    /// <param name="name">The signal's name, 1 to 32 characters.</param>
    /// <param name="data">The signal's data, at most 1 KiB of UTF-8; null for none.</param>
    /// <param name="room">
    /// The room; null for the room of the message or signal that is being handled, else the home room.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait. The signal may still be sent.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="room"/> isn't a valid room name, or the name or the data is too long.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The backplane is unavailable. Nobody receives the signal.</exception>
    protected ValueTask SignalAsync(string name, string? data = null, string? room = null, CancellationToken cancellationToken = default) =>
        Connection.SignalAsync(name, data, room, cancellationToken);

    /// <summary>
    /// Creates a service scope for a unit of work, such as handling one message. Services that are injected into the handler live as long
    /// as the connection, possibly for days, which is too long for a <c>DbContext</c>. Dispose of the scope when the work is done.
    /// </summary>
    protected AsyncServiceScope CreateScope() => Connection.Services.CreateAsyncScope();

    /// <summary>
    /// Joins another room. When the method completes, the room's stored messages are queued for the client, and new messages follow in
    /// order. Joining a room twice does nothing.
    /// </summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="cancellationToken">
    /// Cancels joining. The client then isn't in the room, but may have received a part of its stored messages. A call of
    /// <see cref="AuthorizeRoomAsync"/> in progress isn't canceled; its answer is ignored.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="room"/> isn't a valid room name.</exception>
    /// <exception cref="RoomAccessDeniedException"><see cref="AuthorizeRoomAsync"/> denied access to the room.</exception>
    /// <exception cref="InvalidOperationException">
    /// The connection is already in <see cref="ChatKitOptions.MaxRoomsPerConnection"/> rooms, or the method was called from
    /// <see cref="AuthorizeRoomAsync"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The client isn't in the room.</exception>
    protected ValueTask JoinAsync(string room, CancellationToken cancellationToken = default) => Connection.JoinAsync(room, cancellationToken);

    /// <summary>Leaves a room, which can be the home room. Leaving a room that the client isn't in does nothing.</summary>
    /// <param name="room">The room's name.</param>
    protected ValueTask LeaveAsync(string room) => Connection.LeaveAsync(room);

    /// <summary>
    /// Closes the connection. Messages that were sent earlier still go out, followed by a close frame. No more messages are handled, and
    /// <see cref="OnCloseAsync"/> is called next. Closing twice does nothing.
    /// </summary>
    /// <param name="status">The close code (RFC 6455 section 7.4): 1000 to 1003, 1007 to 1014, or 3000 to 4999.</param>
    /// <param name="reason">The reason, at most 123 bytes of UTF-8.</param>
    /// <exception cref="ArgumentException">The code can't be sent, or the reason is too long.</exception>
    protected ValueTask CloseAsync(WebSocketCloseStatus status, string? reason = null) => Connection.CloseAsync(status, reason);

    internal virtual void Attach(WebSocketConnection connection) => _connection = connection;

    /// <summary>Handles a message. If it names no room, it is for the home room.</summary>
    internal ValueTask ReceiveAsync(WebSocketMessage message) => OnMessageAsync(message.Room.Length == 0 ? message.In(Room) : message);
}
