using System.Net.WebSockets;

namespace ChatKit;

/// <summary>
/// Sends messages to a room or a user from anywhere in the application, such as a controller or a worker. It is a thread-safe singleton.
/// </summary>
public interface IRoomBroadcaster
{
    /// <summary>
    /// Stores a text and sends it to everyone in a room. Completes when the message is stored; it doesn't wait until clients have read it.
    /// </summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be stored.</param>
    /// <returns>The message's position in the room; null if nothing is stored, because <see cref="ChatKitOptions.HistoryCapacity"/> is 0.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> isn't a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    ValueTask<MessagePosition?> BroadcastAsync(string room, string text, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends a text to everyone in a room, with options. Completes when the message is accepted; it doesn't wait until clients have read
    /// it.
    /// </summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="text">The text.</param>
    /// <param name="options">Whether the message is stored, who it is from, and its idempotency key.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    /// <returns>The message's position in the room; null if it isn't stored.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="room"/> isn't a valid room name, the message is larger than 64 MiB, or the idempotency key is empty or too long.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    ValueTask<MessagePosition?> BroadcastAsync(
        string room, string text, RoomBroadcastOptions options, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores bytes and sends them to everyone in a room. Completes when the message is stored; it doesn't wait until clients have read it.
    /// </summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="data">The bytes. They are copied before this method returns.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be stored.</param>
    /// <returns>The message's position in the room; null if nothing is stored, because <see cref="ChatKitOptions.HistoryCapacity"/> is 0.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> isn't a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    ValueTask<MessagePosition?> BroadcastAsync(string room, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends bytes to everyone in a room, with options. Completes when the message is accepted; it doesn't wait until clients have read it.
    /// </summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="data">The bytes. They are copied before this method returns.</param>
    /// <param name="options">Whether the message is stored, who it is from, and its idempotency key.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    /// <returns>The message's position in the room; null if it isn't stored.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="room"/> isn't a valid room name, the message is larger than 64 MiB, or the idempotency key is empty or too long.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The message couldn't be stored and isn't delivered.</exception>
    ValueTask<MessagePosition?> BroadcastAsync(
        string room, ReadOnlyMemory<byte> data, RoomBroadcastOptions options, CancellationToken cancellationToken = default);

    /// <summary>Replaces the text of a stored message. <c>chatkit.v1</c> clients in the room are notified.</summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="position">The position of the message.</param>
    /// <param name="text">The new text.</param>
    /// <param name="by">The <see cref="WebSocketConnection.UserId"/> of whoever changes the message. Default: null, unknown.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be changed.</param>
    /// <returns>Whether the message was changed. False: it is no longer stored, or was deleted.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> isn't a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The change couldn't be stored and isn't delivered.</exception>
    ValueTask<bool> EditAsync(
        string room, MessagePosition position, string text, string? by = null, CancellationToken cancellationToken = default);

    /// <summary>Replaces the payload of a stored message by bytes. <c>chatkit.v1</c> clients in the room are notified.</summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="position">The position of the message.</param>
    /// <param name="data">The new payload. It is copied before this method returns.</param>
    /// <param name="by">The <see cref="WebSocketConnection.UserId"/> of whoever changes the message. Default: null, unknown.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be changed.</param>
    /// <returns>Whether the message was changed. False: it is no longer stored, or was deleted.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> isn't a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The change couldn't be stored and isn't delivered.</exception>
    ValueTask<bool> EditAsync(
        string room, MessagePosition position, ReadOnlyMemory<byte> data, string? by = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes the payload of a stored message from the store. <c>chatkit.v1</c> clients in the room are notified. The message keeps its position.
    /// </summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="position">The position of the message.</param>
    /// <param name="by">The <see cref="WebSocketConnection.UserId"/> of whoever changes the message. Default: null, unknown.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be changed.</param>
    /// <returns>Whether the message is deleted now, or was before. False: it is no longer stored.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> isn't a valid room name.</exception>
    /// <exception cref="HistoryUnavailableException">The change couldn't be stored and isn't delivered.</exception>
    ValueTask<bool> DeleteAsync(string room, MessagePosition position, string? by = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends a text to all open connections of a user, on all nodes and in all rooms. The message is never stored: a user without an open
    /// connection doesn't receive it.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be sent.</param>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">
    /// The backplane is unavailable. The user doesn't receive the message, except perhaps after a timeout.
    /// </exception>
    ValueTask SendToUserAsync(string userId, string text, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends bytes to all open connections of a user, on all nodes and in all rooms. The message is never stored: a user without an open
    /// connection doesn't receive it.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="data">The bytes. They are copied before this method returns.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be sent.</param>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">
    /// The backplane is unavailable. The user doesn't receive the message, except perhaps after a timeout.
    /// </exception>
    ValueTask SendToUserAsync(string userId, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends a signal to the clients in a room that speak <see cref="ChatKitSubprotocol.V1"/>. A signal, such as that somebody is typing, is
    /// never stored, and slow clients don't receive it.
    /// </summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="name">The signal's name, 1 to 32 characters.</param>
    /// <param name="data">The signal's data, at most 1 KiB of UTF-8; null for none.</param>
    /// <param name="cancellationToken">Cancels the wait. The signal may still be sent.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="room"/> isn't a valid room name, or the name or the data is too long.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The backplane is unavailable. Nobody receives the signal.</exception>
    ValueTask SignalAsync(string room, string name, string? data = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Adds all open connections of a user to a room, on all nodes. <see cref="WebSocketHandler.AuthorizeRoomAsync"/> of each connection's
    /// handler decides, when the handler has handled the messages that arrived before. The client receives the room's messages as after a join
    /// of its own. The membership ends with the connection: to add the user's later connections too, join the room in
    /// <see cref="WebSocketHandler.OnOpenAsync"/>. A connection that is in <see cref="ChatKitOptions.MaxRoomsPerConnection"/> rooms isn't
    /// added, which is logged.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="cancellationToken">Cancels the wait. The connections may still join.</param>
    /// <returns>A task that completes when the nodes were notified. It doesn't wait until the connections are in the room.</returns>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty, or <paramref name="room"/> isn't a valid room name.</exception>
    /// <exception cref="HistoryUnavailableException">The backplane is unavailable. No connection joins, except perhaps after a timeout.</exception>
    ValueTask JoinUserAsync(string userId, string room, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes all connections that a user has at this moment out of a room, which can be the home room, on all nodes. They stay open, and
    /// clients that speak <see cref="ChatKitSubprotocol.V1"/> are notified. The request is stored, as that of
    /// <see cref="DisconnectUserAsync"/>. A client can join again unless <see cref="WebSocketHandler.AuthorizeRoomAsync"/> denies it: revoke
    /// the permission first. Without <see cref="WebSocketConnectionOptions.AllowClientJoins"/>, the handler decides what a client may still
    /// write to its home room.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="reason">The reason, at most 123 bytes of UTF-8, which the client receives. Default: none.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="userId"/> is empty, <paramref name="room"/> isn't a valid room name, or the reason is too long.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The request couldn't be stored. No connection leaves the room.</exception>
    ValueTask LeaveUserAsync(string userId, string room, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Returns the rooms that a user's open connections are in, on all nodes. The nodes are asked, so a call takes a round trip, and up to 2
    /// seconds if a node doesn't answer. Such a node is left out, which is logged.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The names of the rooms, each once and in no particular order; empty if the user isn't connected.</returns>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty.</exception>
    /// <exception cref="HistoryUnavailableException">The backplane is unavailable.</exception>
    ValueTask<IReadOnlyCollection<string>> GetRoomsAsync(string userId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Closes all connections that a user has at this moment, on all nodes. The request is stored: a node that is cut off from the others
    /// closes its connections when it reconnects, or at its next check (<see cref="ChatKitOptions.RoomCheckInterval"/>). A client can
    /// connect again unless the application refuses it. The clocks of the nodes should agree to within a second.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="status">
    /// The close code (RFC 6455 section 7.4). Default: 1008. ChatKit's browser client doesn't reconnect after 1000 and 3000 to 4999.
    /// </param>
    /// <param name="reason">The reason, at most 123 bytes of UTF-8. Default: none.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code can't be sent.</exception>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty, or the reason is too long.</exception>
    /// <exception cref="HistoryUnavailableException">The request couldn't be stored. No connection is closed.</exception>
    ValueTask DisconnectUserAsync(
        string userId,
        WebSocketCloseStatus status = WebSocketCloseStatus.PolicyViolation,
        string? reason = null,
        CancellationToken cancellationToken = default);
}
