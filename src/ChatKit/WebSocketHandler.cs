using System.Net.WebSockets;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit;

/// <summary>
/// Handles one client. Derive from it, override what you need, and map it to a route with <c>MapWebSocketHandler</c>. Each
/// connection has its own instance, created from its own service scope, and its callbacks never run concurrently.
/// </summary>
/// <remarks>
/// The scope, and what is injected from it, lives as long as the connection. For services that must not live that long, such as a
/// <c>DbContext</c>, use <see cref="CreateScope"/>, or inject an <c>IDbContextFactory</c>.
/// </remarks>
public abstract class WebSocketHandler
{
    private WebSocketConnection? _connection;

    /// <summary>The client's connection.</summary>
    /// <exception cref="InvalidOperationException">Asked for in the constructor; it is there from <see cref="OnOpenAsync"/> on.</exception>
    protected WebSocketConnection Connection => _connection ?? throw new InvalidOperationException(
        "The handler has no connection yet. Move what needs it from the constructor to OnOpenAsync.");

    /// <summary>
    /// The home room's name: the route value <c>room</c> if the route has one, else the route's pattern, unless the endpoint's option
    /// <c>HomeRoom</c> says otherwise. Rooms are global: endpoints whose clients arrive with the same name share the room and its history.
    /// </summary>
    protected string Room => Connection.Room;

    /// <summary>
    /// The client has connected, and is not in the home room yet. May refuse with <see cref="CloseAsync"/>. Messages that arrive
    /// meanwhile wait. If it throws, the connection is closed with 1011.
    /// </summary>
    protected internal virtual ValueTask OnOpenAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// Whether the client may be in a room. Default: true. Asked once for each time that it is about to enter one: for the home room
    /// after <see cref="OnOpenAsync"/>, for others by <see cref="JoinAsync"/>. Until the answer is yes the client gets nothing of the
    /// room: no message, stored or live, no position, and not who is there. A client that may not be in its home room is closed with
    /// 1008, unless this has closed it with a code of its own. If it throws, nothing is entered, and the connection is closed with 1011.
    /// It is not asked again while the client is in the room: <see cref="LeaveAsync"/> or
    /// <see cref="IRoomBroadcaster.DisconnectUserAsync"/> end that. Broadcasting to a room does not need it: what a client may write,
    /// <see cref="OnMessageAsync"/> decides. Must not call <see cref="JoinAsync"/>, which would ask it again.
    /// </summary>
    /// <param name="room">The room's name.</param>
    protected internal virtual ValueTask<bool> AuthorizeRoomAsync(string room) => ValueTask.FromResult(true);

    /// <summary>
    /// The client has sent a message. If this throws, the connection is closed with 1011, except for a
    /// <see cref="MessageRefusedException"/>, which refuses this message alone. While it runs up to 16 further messages are
    /// read and wait their turn, and pings are answered; after that the client has to wait.
    /// </summary>
    /// <param name="message">The message.</param>
    protected internal abstract ValueTask OnMessageAsync(WebSocketMessage message);

    /// <summary>
    /// The connection has ended and is in no room any more. Called exactly once for every <see cref="OnOpenAsync"/> that was
    /// called, however it ended, when no other callback is running. What it throws is logged.
    /// </summary>
    /// <param name="close">How the connection ended.</param>
    protected internal virtual ValueTask OnCloseAsync(CloseInfo close) => ValueTask.CompletedTask;

    /// <summary>Sends a text to this client only. Waits while the client's outbound queue is full.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="WebSocketClosedException">The connection is closed or closing.</exception>
    /// <exception cref="ArgumentException">The message is larger than 64 MiB.</exception>
    protected ValueTask SendAsync(string text) => Connection.SendAsync(text);

    /// <summary>Sends bytes, as a binary message, to this client only. Waits while the client's outbound queue is full.</summary>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <exception cref="WebSocketClosedException">The connection is closed or closing.</exception>
    /// <exception cref="ArgumentException">The message is larger than 64 MiB.</exception>
    protected ValueTask SendAsync(ReadOnlyMemory<byte> data) => Connection.SendAsync(data);

    /// <summary>
    /// Sends a text to everyone in the home room, or as <paramref name="options"/> say. Returns when the message has been accepted
    /// (stored and published), not when it has been read; it never waits for a slow reader.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="options">Which room, who, stored or not; null for the defaults.</param>
    /// <exception cref="ArgumentException">The room named in <paramref name="options"/> is not a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    protected virtual ValueTask BroadcastAsync(string text, BroadcastOptions? options = null) =>
        Connection.BroadcastAsync(text, options);

    /// <summary>
    /// Sends bytes, as a binary message, to everyone in the home room, or as <paramref name="options"/> say. Returns when the
    /// message has been accepted (stored and published), not when it has been read; it never waits for a slow reader.
    /// </summary>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <param name="options">Which room, who, stored or not; null for the defaults.</param>
    /// <exception cref="ArgumentException">The room named in <paramref name="options"/> is not a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    protected virtual ValueTask BroadcastAsync(ReadOnlyMemory<byte> data, BroadcastOptions? options = null) =>
        Connection.BroadcastAsync(data, options);

    /// <summary>
    /// Sends a text as <see cref="BroadcastAsync(string, BroadcastOptions?)"/> does, and returns where it was stored: for an application that
    /// links rows of its own to messages.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="options">Which room, who, stored or not; null for the defaults.</param>
    /// <returns>The message's position in the room; null if it is not stored.</returns>
    /// <exception cref="ArgumentException">The room named in <paramref name="options"/> is not a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    protected ValueTask<MessagePosition?> PublishAsync(string text, BroadcastOptions? options = null) =>
        Connection.PublishAsync(text, options);

    /// <summary>
    /// Sends bytes as <see cref="BroadcastAsync(ReadOnlyMemory{byte}, BroadcastOptions?)"/> does, and returns where they were stored.
    /// </summary>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <param name="options">Which room, who, stored or not; null for the defaults.</param>
    /// <returns>The message's position in the room; null if it is not stored.</returns>
    /// <exception cref="ArgumentException">The room named in <paramref name="options"/> is not a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    protected ValueTask<MessagePosition?> PublishAsync(ReadOnlyMemory<byte> data, BroadcastOptions? options = null) =>
        Connection.PublishAsync(data, options);

    /// <summary>
    /// Creates a service scope for a piece of work, such as the handling of one message. What is injected into the handler lives as long as
    /// the connection, which may be days: too long for a <c>DbContext</c>. Dispose of the scope when the work is done.
    /// </summary>
    protected AsyncServiceScope CreateScope() => Connection.Services.CreateAsyncScope();

    /// <summary>
    /// Joins a further room. When this returns, what the room has stored is on its way to the client, and what follows will come
    /// in order. Joining a room twice does nothing.
    /// </summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <exception cref="ArgumentException"><paramref name="room"/> is not a valid room name.</exception>
    /// <exception cref="RoomAccessDeniedException"><see cref="AuthorizeRoomAsync"/> does not let the client in.</exception>
    /// <exception cref="InvalidOperationException">
    /// The connection is in <see cref="ChatKitOptions.MaxRoomsPerConnection"/> rooms, or this was called within
    /// <see cref="AuthorizeRoomAsync"/>.
    /// </exception>
    protected ValueTask JoinAsync(string room) => Connection.JoinAsync(room);

    /// <summary>Leaves a room; the home room too may be left. Leaving a room that the client is not in does nothing.</summary>
    /// <param name="room">The room's name.</param>
    protected ValueTask LeaveAsync(string room) => Connection.LeaveAsync(room);

    /// <summary>
    /// Closes the connection: what was sent before still goes out, then a close frame. No further message is handled, and
    /// <see cref="OnCloseAsync"/> follows. Closing twice does nothing.
    /// </summary>
    /// <param name="status">A code that may be sent (RFC 6455 section 7.4): 1000 to 1003, 1007 to 1014, 3000 to 4999.</param>
    /// <param name="reason">At most 123 bytes of UTF-8.</param>
    /// <exception cref="ArgumentException">The code may not be sent, or the reason is too long.</exception>
    protected ValueTask CloseAsync(WebSocketCloseStatus status, string? reason = null) => Connection.CloseAsync(status, reason);

    internal void Attach(WebSocketConnection connection) => _connection = connection;
}
