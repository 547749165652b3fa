using System.Net.WebSockets;
using System.Security.Claims;

namespace ChatKit;

/// <summary>
/// One client's connection as its handler sees it. Abstract so that a test can stand in for it; see
/// <see cref="WebSocketHandlerDriver"/>.
/// </summary>
public abstract class WebSocketConnection
{
    /// <summary>The connection's id, unique among all nodes.</summary>
    public abstract string Id { get; }

    /// <summary>The home room's name.</summary>
    public abstract string Room { get; }

    /// <summary>The client's user; one without an identity if the client is anonymous.</summary>
    public virtual ClaimsPrincipal User { get; } = new();

    /// <summary>
    /// The user's id: the claim <see cref="ClaimTypes.NameIdentifier"/>, else <c>sub</c>, unless <see cref="ChatKitOptions.UserId"/> says
    /// otherwise; null if the client is anonymous. Presence, idempotent sends, limits and <see cref="IRoomBroadcaster"/> know a user by it.
    /// </summary>
    public virtual string? UserId => WebSocketConnectionInfo.IdOf(User);

    /// <summary>The values of the route's parameters.</summary>
    public virtual IReadOnlyDictionary<string, object?> RouteValues { get; } = new Dictionary<string, object?>();

    /// <summary>The subprotocol that was negotiated; null if none was.</summary>
    public virtual string? Subprotocol => null;

    /// <summary>
    /// The services of the connection's scope, which lives as long as the connection. Use <see cref="WebSocketHandler.CreateScope"/> for
    /// services that must not live that long, such as a <c>DbContext</c>.
    /// </summary>
    public virtual IServiceProvider Services => throw new InvalidOperationException(
        "This connection has no services. In a test, override or set up WebSocketConnection.Services.");

    /// <summary>What the application wants to keep with the connection. Not synchronised.</summary>
    public virtual IDictionary<object, object?> Items => field ??= new Dictionary<object, object?>();

    /// <summary>
    /// Is cancelled when the connection has ended, so that a handler that is still busy can stop. Messages that came before are
    /// handled all the same, with the token cancelled already.
    /// </summary>
    public virtual CancellationToken Aborted => CancellationToken.None;

    /// <summary>Sends a text to this client. Waits while the client's outbound queue is full.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="WebSocketClosedException">The connection is closed or closing.</exception>
    /// <exception cref="ArgumentException">The message is larger than 64 MiB.</exception>
    public abstract ValueTask SendAsync(string text);

    /// <summary>Sends bytes to this client. Waits while the client's outbound queue is full.</summary>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <exception cref="WebSocketClosedException">The connection is closed or closing.</exception>
    /// <exception cref="ArgumentException">The message is larger than 64 MiB.</exception>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> data);

    /// <summary>Sends a text to a room; see <see cref="WebSocketHandler.BroadcastAsync(string, BroadcastOptions?)"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">Which room, who, stored or not; null for the defaults.</param>
    public abstract ValueTask BroadcastAsync(string text, BroadcastOptions? options = null);

    /// <summary>Sends bytes to a room; see <see cref="WebSocketHandler.BroadcastAsync(ReadOnlyMemory{byte}, BroadcastOptions?)"/>.</summary>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <param name="options">Which room, who, stored or not; null for the defaults.</param>
    public abstract ValueTask BroadcastAsync(ReadOnlyMemory<byte> data, BroadcastOptions? options = null);

    /// <summary>Sends a text to a room and returns its position; see <see cref="WebSocketHandler.PublishAsync(string, BroadcastOptions?)"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">Which room, who, stored or not; null for the defaults.</param>
    public virtual async ValueTask<MessagePosition?> PublishAsync(string text, BroadcastOptions? options = null)
    {
        await BroadcastAsync(text, options).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// Sends bytes to a room and returns their position; see
    /// <see cref="WebSocketHandler.PublishAsync(ReadOnlyMemory{byte}, BroadcastOptions?)"/>.
    /// </summary>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <param name="options">Which room, who, stored or not; null for the defaults.</param>
    public virtual async ValueTask<MessagePosition?> PublishAsync(ReadOnlyMemory<byte> data, BroadcastOptions? options = null)
    {
        await BroadcastAsync(data, options).ConfigureAwait(false);
        return null;
    }

    /// <summary>Joins a further room; see <see cref="WebSocketHandler.JoinAsync"/>.</summary>
    /// <param name="room">The room's name.</param>
    public abstract ValueTask JoinAsync(string room);

    /// <summary>Leaves a room; see <see cref="WebSocketHandler.LeaveAsync"/>.</summary>
    /// <param name="room">The room's name.</param>
    public abstract ValueTask LeaveAsync(string room);

    /// <summary>Closes the connection; see <see cref="WebSocketHandler.CloseAsync"/>.</summary>
    /// <param name="status">The status code.</param>
    /// <param name="reason">The reason.</param>
    public abstract ValueTask CloseAsync(WebSocketCloseStatus status, string? reason = null);
}
