using System.Net.WebSockets;

namespace ChatKit;

/// <summary>Sends to a room or a user from anywhere in the application: a controller, a worker. A singleton; safe from many threads.</summary>
public interface IRoomBroadcaster
{
    /// <summary>Sends a text to everyone in a room, and into its history. Returns when it has been accepted, not when it has been read.</summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been accepted all the same.</param>
    /// <exception cref="ArgumentException"><paramref name="room"/> is not a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    ValueTask BroadcastAsync(string room, string text, CancellationToken cancellationToken = default);

    /// <summary>Sends a text to everyone in a room. Returns when it has been accepted, not when it has been read.</summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="text">The text.</param>
    /// <param name="store">Whether the history keeps the message. Pass false for a room that is to have no history.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been accepted all the same.</param>
    /// <exception cref="ArgumentException"><paramref name="room"/> is not a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    ValueTask BroadcastAsync(string room, string text, bool store, CancellationToken cancellationToken = default);

    /// <summary>Sends bytes to everyone in a room. Returns when they have been accepted, not when they have been read.</summary>
    /// <param name="room">The room's name, 1 to 255 characters.</param>
    /// <param name="data">The bytes; copied.</param>
    /// <param name="store">Whether the history keeps the message. Default: true.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been accepted all the same.</param>
    /// <exception cref="ArgumentException"><paramref name="room"/> is not a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The message could not be stored; nobody receives it.</exception>
    ValueTask BroadcastAsync(string room, ReadOnlyMemory<byte> data, bool store = true, CancellationToken cancellationToken = default);

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
    /// <param name="data">The bytes; copied.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been sent all the same.</param>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The backplane is unavailable. The user doesn't receive the message, except perhaps after a time-out.</exception>
    ValueTask SendToUserAsync(string userId, ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);

    /// <summary>
    /// Closes all connections of a user, on all nodes: a node whose connection to the others is broken at that moment does not hear
    /// of it. A client may connect again unless it is refused then.
    /// </summary>
    /// <param name="userId">The user's <see cref="WebSocketConnection.UserId"/>.</param>
    /// <param name="status">The close code (RFC 6455 section 7.4). Default: 1008; browsers' clients of ChatKit stay closed after 1000 and 3000 to 4999.</param>
    /// <param name="reason">The reason, at most 123 bytes of UTF-8. Default: none.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code may not be sent.</exception>
    /// <exception cref="ArgumentException">The reason is too long.</exception>
    /// <exception cref="HistoryUnavailableException">The backplane cannot be reached.</exception>
    ValueTask DisconnectUserAsync(
        string userId,
        WebSocketCloseStatus status = WebSocketCloseStatus.PolicyViolation,
        string? reason = null,
        CancellationToken cancellationToken = default);
}
