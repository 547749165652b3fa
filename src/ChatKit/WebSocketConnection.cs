using System.Net.WebSockets;
using System.Security.Claims;
using System.Text.Json.Serialization.Metadata;

namespace ChatKit;

/// <summary>
/// The connection of one client, for use by its handler. The class is abstract so that tests can replace it; see
/// <see cref="WebSocketHandlerDriver"/>.
/// </summary>
public abstract class WebSocketConnection
{
    /// <summary>The connection's id, unique across all nodes.</summary>
    public abstract string Id { get; }

    /// <summary>The home room's name.</summary>
    public abstract string Room { get; }

    /// <summary>The client's user. It has no identity if the client is anonymous.</summary>
    public virtual ClaimsPrincipal User { get; } = new();

    /// <summary>
    /// The user's id; null if the client is anonymous. It is the claim <see cref="ClaimTypes.NameIdentifier"/>, or else <c>sub</c>, unless
    /// <see cref="ChatKitOptions.UserId"/> returns another id. Presence, idempotent sends, limits and <see cref="IRoomBroadcaster"/>
    /// identify a user by it.
    /// </summary>
    public virtual string? UserId => WebSocketConnectionInfo.IdOf(User);

    /// <summary>The values of the route's parameters.</summary>
    public virtual IReadOnlyDictionary<string, object?> RouteValues { get; } = new Dictionary<string, object?>();

    /// <summary>The negotiated subprotocol; null if there is none.</summary>
    public virtual string? Subprotocol => null;

    /// <summary>
    /// The way in which the client has connected: one of the values of <see cref="ChatTransports"/>. With
    /// <see cref="ChatTransports.Polling"/>, the connection lasts for one request, so a handler that announces who comes and goes should not
    /// announce it. The default implementation returns <see cref="ChatTransports.WebSockets"/>.
    /// </summary>
    public virtual ChatTransports Transport => ChatTransports.WebSockets;

    /// <summary>
    /// The services of the connection's scope, which lives as long as the connection. For services with a shorter lifetime, such as a
    /// <c>DbContext</c>, use <see cref="WebSocketHandler.CreateScope"/>.
    /// </summary>
    public virtual IServiceProvider Services => throw new InvalidOperationException(
        "This connection has no services. In a test, override or set up WebSocketConnection.Services.");

    /// <summary>Data that the application keeps with the connection. Not thread-safe.</summary>
    public virtual IDictionary<object, object?> Items => field ??= new Dictionary<object, object?>();

    /// <summary>
    /// Canceled when the connection has ended, so that a busy handler can stop. Messages that arrived earlier are still handled, with the
    /// token already canceled.
    /// </summary>
    public virtual CancellationToken Aborted => CancellationToken.None;

    /// <summary>Sends a text to this client. Waits while the client's outbound queue is full.</summary>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Cancels the wait. The message is then not sent.</param>
    /// <exception cref="WebSocketClosedException">The connection is closed or closing.</exception>
    /// <exception cref="ArgumentException">The message is larger than 64 MiB.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The message isn't sent.</exception>
    public abstract ValueTask SendAsync(string text, CancellationToken cancellationToken = default);

    /// <summary>Sends bytes to this client. Waits while the client's outbound queue is full.</summary>
    /// <param name="data">The bytes. They are copied before this method returns.</param>
    /// <param name="cancellationToken">Cancels the wait. The message is then not sent.</param>
    /// <exception cref="WebSocketClosedException">The connection is closed or closing.</exception>
    /// <exception cref="ArgumentException">The message is larger than 64 MiB.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The message isn't sent.</exception>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends JSON to this client: as JSON if the client speaks <see cref="ChatKitSubprotocol.V1"/>, otherwise as a text. Waits while the
    /// client's outbound queue is full. The default implementation, for a test's own connection, calls
    /// <see cref="SendAsync(string, CancellationToken)"/>.
    /// </summary>
    /// <param name="json">The JSON, at most 60 levels deep.</param>
    /// <param name="cancellationToken">Cancels the wait. The message is then not sent.</param>
    /// <exception cref="WebSocketClosedException">The connection is closed or closing.</exception>
    /// <exception cref="ArgumentException">The text isn't valid JSON, is nested too deeply, or is larger than 64 MiB.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The message isn't sent.</exception>
    public virtual ValueTask SendJsonAsync(string json, CancellationToken cancellationToken = default) => SendAsync(json, cancellationToken);

    /// <summary>Sends a text to a room; see <see cref="WebSocketHandler.BroadcastAsync(string, BroadcastOptions?, CancellationToken)"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    public abstract ValueTask BroadcastAsync(string text, BroadcastOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends bytes to a room; see <see cref="WebSocketHandler.BroadcastAsync(ReadOnlyMemory{byte}, BroadcastOptions?, CancellationToken)"/>.
    /// </summary>
    /// <param name="data">The bytes. They are copied before this method returns.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    public abstract ValueTask BroadcastAsync(
        ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends a text to a room and returns its position; see
    /// <see cref="WebSocketHandler.PublishAsync(string, BroadcastOptions?, CancellationToken)"/>. The default implementation calls
    /// <see cref="BroadcastAsync(string, BroadcastOptions?, CancellationToken)"/> and returns null. Override it in a test that needs a position.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    public virtual async ValueTask<MessagePosition?> PublishAsync(
        string text, BroadcastOptions? options = null, CancellationToken cancellationToken = default)
    {
        await BroadcastAsync(text, options, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// Sends bytes to a room and returns their position; see
    /// <see cref="WebSocketHandler.PublishAsync(ReadOnlyMemory{byte}, BroadcastOptions?, CancellationToken)"/>. The default implementation
    /// calls <see cref="BroadcastAsync(ReadOnlyMemory{byte}, BroadcastOptions?, CancellationToken)"/> and returns null. Override it in a test
    /// that needs a position.
    /// </summary>
    /// <param name="data">The bytes. They are copied before this method returns.</param>
    /// <param name="options">The room, the audience, and whether to store the message; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be accepted.</param>
    public virtual async ValueTask<MessagePosition?> PublishAsync(
        ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default)
    {
        await BroadcastAsync(data, options, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// Replaces the text of a stored message. <c>chatkit.v1</c> clients in the room are notified; the message keeps its position, its sender
    /// and its time. The default implementation, for a test's own connection, throws <see cref="NotSupportedException"/>.
    /// </summary>
    /// <param name="position">The position of the message.</param>
    /// <param name="text">The new text.</param>
    /// <param name="room">The message's room. Default: the room of the message that is being handled, else <see cref="Room"/>.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be changed.</param>
    /// <returns>Whether the message was changed. False: it is no longer stored, or was deleted.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> isn't a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The change couldn't be stored and isn't delivered.</exception>
    public virtual ValueTask<bool> EditAsync(
        MessagePosition position, string text, string? room = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} can't edit messages. Override {nameof(EditAsync)}.");

    /// <summary>
    /// Replaces the payload of a stored message by bytes. <c>chatkit.v1</c> clients in the room are notified; the message keeps its position,
    /// its sender and its time. The default implementation, for a test's own connection, throws <see cref="NotSupportedException"/>.
    /// </summary>
    /// <param name="position">The position of the message.</param>
    /// <param name="data">The new payload. It is copied before this method returns.</param>
    /// <param name="room">The message's room. Default: the room of the message that is being handled, else <see cref="Room"/>.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be changed.</param>
    /// <returns>Whether the message was changed. False: it is no longer stored, or was deleted.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> isn't a valid room name, or the message is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The change couldn't be stored and isn't delivered.</exception>
    public virtual ValueTask<bool> EditAsync(
        MessagePosition position, ReadOnlyMemory<byte> data, string? room = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} can't edit messages. Override {nameof(EditAsync)}.");

    /// <summary>
    /// Removes the payload of a stored message from the store. <c>chatkit.v1</c> clients in the room are notified; the message keeps its
    /// position, so that the others keep theirs. The default implementation, for a test's own connection, throws
    /// <see cref="NotSupportedException"/>.
    /// </summary>
    /// <param name="position">The position of the message.</param>
    /// <param name="room">The message's room. Default: the room of the message that is being handled, else <see cref="Room"/>.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be deleted.</param>
    /// <returns>Whether the message is deleted now, or was before. False: it is no longer stored.</returns>
    /// <exception cref="ArgumentException"><paramref name="room"/> isn't a valid room name.</exception>
    /// <exception cref="HistoryUnavailableException">The change couldn't be stored and isn't delivered.</exception>
    public virtual ValueTask<bool> DeleteAsync(
        MessagePosition position, string? room = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} can't delete messages. Override {nameof(DeleteAsync)}.");

    /// <summary>
    /// Sends a signal to the others in a room; see <see cref="WebSocketHandler.SignalAsync"/>. The default implementation does nothing.
    /// Override it in a test that needs the signal.
    /// </summary>
    /// <param name="name">The signal's name, 1 to 32 characters.</param>
    /// <param name="data">The signal's data, at most 1 KiB of UTF-8; null for none.</param>
    /// <param name="room">The room; null for the room of what is being handled, else the home room.</param>
    /// <param name="cancellationToken">Cancels the wait. The signal may still be sent.</param>
    public virtual ValueTask SignalAsync(
        string name, string? data = null, string? room = null, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <summary>
    /// Replaces a stored message by JSON, as <see cref="EditAsync(MessagePosition, string, string?, CancellationToken)"/> does by a text. The
    /// default implementation, for a test's own connection, calls that method.
    /// </summary>
    /// <param name="position">The position of the message.</param>
    /// <param name="json">The JSON, at most 60 levels deep.</param>
    /// <param name="room">The message's room. Default: the room of the message that is being handled, else <see cref="Room"/>.</param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be changed.</param>
    /// <returns>Whether the message was changed. False: it is no longer stored, or was deleted.</returns>
    /// <exception cref="ArgumentException">The text isn't valid JSON, is nested too deeply, or is larger than 64 MiB.</exception>
    /// <exception cref="HistoryUnavailableException">The change couldn't be stored and isn't delivered.</exception>
    public virtual ValueTask<bool> EditJsonAsync(
        MessagePosition position, string json, string? room = null, CancellationToken cancellationToken = default) =>
        EditAsync(position, json, room, cancellationToken);

    /// <summary>
    /// Sets the data with which presence lists the client, such as a display name, in all its rooms. Set it in
    /// <see cref="WebSocketHandler.OnOpenAsync"/> to make it part of the first list. Later changes are sent to the members of the rooms. If a user
    /// has several connections, the data that was set last counts. The default implementation does nothing.
    /// </summary>
    /// <typeparam name="T">The type of the data.</typeparam>
    /// <param name="data">The data, at most 1 KiB of JSON.</param>
    /// <param name="typeInfo">
    /// The metadata of the type, from a source-generated <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes when the data is set. It is stored in the background.</returns>
    /// <exception cref="ArgumentException">The data is larger than 1 KiB.</exception>
    /// <exception cref="InvalidOperationException">
    /// The endpoint doesn't have <see cref="WebSocketConnectionOptions.TrackPresence"/>.
    /// </exception>
    public virtual ValueTask SetPresenceAsync<T>(T data, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default) =>
        ValueTask.CompletedTask;

    /// <summary>Joins another room; see <see cref="WebSocketHandler.JoinAsync"/>.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="cancellationToken">Cancels joining. The client is then not in the room.</param>
    public abstract ValueTask JoinAsync(string room, CancellationToken cancellationToken = default);

    /// <summary>Leaves a room; see <see cref="WebSocketHandler.LeaveAsync"/>.</summary>
    /// <param name="room">The room's name.</param>
    public abstract ValueTask LeaveAsync(string room);

    /// <summary>Closes the connection; see <see cref="WebSocketHandler.CloseAsync"/>.</summary>
    /// <param name="status">The status code.</param>
    /// <param name="reason">The reason.</param>
    public abstract ValueTask CloseAsync(WebSocketCloseStatus status, string? reason = null);
}
