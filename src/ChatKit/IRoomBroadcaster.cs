using System.Net.WebSockets;

namespace ChatKit;

/// <summary>Sends to a room or a user from anywhere in the application: a controller, a worker. A singleton; safe from many threads.</summary>
public interface IRoomBroadcaster
{
    /// <summary>Sends a text to everyone in a room, and stores it. Returns when it has been stored, not when it has been read.</summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been stored all the same.</param>
    /// <returns>The message's position in the room; null if <see cref="ChatKitOptions.HistoryCapacity"/> is 0, so that nothing is stored.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> is not a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    ValueTask<MessagePosition?> BroadcastAsync(string room, string text, CancellationToken cancellationToken = default);

    /// <summary>Sends a text to everyone in a room, as the options say. Returns when it has been accepted, not when it has been read.</summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="text">The text.</param>
    /// <param name="options">Whether it is stored, who it is from, and its idempotency key.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been accepted all the same.</param>
    /// <returns>The message's position in the room; null if it is not stored.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="room"/> is not a valid room name, the message is larger than 64 MiB, or the idempotency key is empty or too long.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    ValueTask<MessagePosition?> BroadcastAsync(
        string room, string text, RoomBroadcastOptions options, CancellationToken cancellationToken = default);

    /// <summary>Sends bytes to everyone in a room, and stores them. Returns when they have been stored, not when they have been read.</summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been stored all the same.</param>
    /// <returns>The message's position in the room; null if <see cref="ChatKitOptions.HistoryCapacity"/> is 0, so that nothing is stored.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> is not a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    ValueTask<MessagePosition?> BroadcastAsync(string room, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);

    /// <summary>Sends bytes to everyone in a room, as the options say. Returns when they have been accepted, not when they have been read.</summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <param name="options">Whether they are stored, who they are from, and their idempotency key.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been accepted all the same.</param>
    /// <returns>The message's position in the room; null if it is not stored.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="room"/> is not a valid room name, the message is larger than 64 MiB, or the idempotency key is empty or too long.
    /// </exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    ValueTask<MessagePosition?> BroadcastAsync(
        string room, ReadOnlyMemory<byte> data, RoomBroadcastOptions options, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends a text to all open connections of a user, on all nodes and whatever rooms they are in. Never stored: a user without an open
    /// connection doesn't receive the message.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been sent all the same.</param>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The backplane is unavailable. The user doesn't receive the message, except perhaps after a time-out.</exception>
    ValueTask SendToUserAsync(string userId, string text, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends bytes to all open connections of a user, on all nodes and whatever rooms they are in. Never stored: a user without an open
    /// connection doesn't receive the message.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been sent all the same.</param>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The backplane is unavailable. The user doesn't receive the message, except perhaps after a time-out.</exception>
    ValueTask SendToUserAsync(string userId, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);

    /// <summary>
    /// Closes all connections that a user has at this moment, on all nodes. It is stored: a node that is cut off from the others closes them
    /// when it is connected again, or at its next check (<see cref="ChatKitOptions.RoomCheckInterval"/>). A client may connect again unless
    /// the application refuses it then. The clocks of the nodes should agree to within a second.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="status">The close code (RFC 6455 section 7.4). Default: 1008; browsers' clients of ChatKit stay closed after 1000 and 3000 to 4999.</param>
    /// <param name="reason">The reason, at most 123 bytes of UTF-8. Default: none.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code may not be sent.</exception>
    /// <exception cref="ArgumentException">The reason is too long.</exception>
    /// <exception cref="HistoryUnavailableException">It could not be stored; nobody is disconnected.</exception>
    ValueTask DisconnectUserAsync(
        string userId,
        WebSocketCloseStatus status = WebSocketCloseStatus.PolicyViolation,
        string? reason = null,
        CancellationToken cancellationToken = default);
}
