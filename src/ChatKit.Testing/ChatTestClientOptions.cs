using System.Security.Claims;

namespace ChatKit.Testing;

/// <summary>Describes a client that connects to a <see cref="ChatTestServer"/>.</summary>
public sealed class ChatTestClientOptions
{
    /// <summary>
    /// The client's user. Default: an anonymous user. <see cref="ChatKitOptions.UserId"/> of the application finds the user's id in it, by default in
    /// the claim <see cref="ClaimTypes.NameIdentifier"/> or <c>sub</c>.
    /// </summary>
    public ClaimsPrincipal User { get; set; } = new();

    /// <summary>The time, by the server's <see cref="TimeProvider"/>, at which the user's credentials expire. Default: null, never.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>
    /// The client's subprotocol. Default: <see cref="ChatKitSubprotocol.V1"/>. With null, the client sends and receives plain messages. It then
    /// can't resume, and isn't notified when it is in its room.
    /// </summary>
    public string? Subprotocol { get; set; } = ChatKitSubprotocol.V1;

    /// <summary>
    /// Whether connecting waits until the client is in its home room and has received its stored messages. Default: true. Set it to false
    /// for a handler that doesn't return from <see cref="WebSocketHandler.OnOpenAsync"/> soon, or that leaves the home room there.
    /// </summary>
    public bool WaitUntilLive { get; set; } = true;

    /// <summary>
    /// The initial <see cref="WebSocketConnection.Items"/>. Default: none. For a handler that calls <c>Connection.GetHttpContext()</c>, add a
    /// context with the key <c>typeof(HttpContext)</c>.
    /// </summary>
    public IDictionary<object, object?> Items { get; } = new Dictionary<object, object?>();
}
