using ChatKit;
using ChatKit.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Options for an endpoint that <c>MapWebSocketHandler</c> maps, and for its connections.</summary>
public sealed class WebSocketEndpointOptions : WebSocketConnectionOptions
{
    /// <summary>
    /// The origins of the pages that can connect, in addition to pages of the same host: for example <c>https://example.com</c>, or
    /// <c>https://*.example.com</c> for all subdomains. Default: none. <c>*</c> lets pages of any site connect with their visitors' cookies
    /// (cross-site WebSocket hijacking), and logs a warning. Clients other than browsers send no origin and can always connect.
    /// </summary>
    public IList<string> AllowedOrigins { get; set; } = [];

    /// <summary>
    /// The subprotocols that the endpoint supports, in order of preference. The first one that the client also offers is selected. Default:
    /// none.
    /// </summary>
    public IList<string> Subprotocols { get; set; } = [];

    /// <summary>
    /// The ways in which clients can connect. Default: <see cref="ChatTransports.WebSockets"/>. With
    /// <see cref="ChatTransports.ServerSentEvents"/>, a client can receive an event stream and send its frames with POST requests. With
    /// <see cref="ChatTransports.Polling"/>, it can read the home room with GET, and send a message with POST. The conventions of the endpoint,
    /// such as <c>RequireAuthorization()</c>, apply to all of them.
    /// </summary>
    public ChatTransports Transports { get; set; } = ChatTransports.WebSockets;

    /// <summary>
    /// Returns the name of a client's home room, from the request of its handshake. Default: the route value <c>room</c>, or else the
    /// route's pattern, including the prefixes of its groups. Rooms are global: to separate tenants, for example, include the tenant in the
    /// name. If the name isn't valid (see <see cref="RoomName"/>), the server answers with status 400.
    /// </summary>
    public Func<HttpContext, string?> HomeRoom { get; set; } = RoomOfRoute;

    /// <summary>
    /// Whether a connection is closed with 1008 when the credentials of its handshake expire, such as the ticket of a cookie or a bearer
    /// token (<c>AuthenticationProperties.ExpiresUtc</c>). Default: true. If false, a user stays signed in until the connection ends.
    /// </summary>
    public bool CloseOnAuthenticationExpiration { get; set; } = true;

    /// <summary>
    /// Whether messages are compressed, if the client offers it (permessage-deflate, RFC 7692). Default: false. Each message is compressed
    /// on its own, without context takeover. It is compressed once for all receivers, and an idle connection uses no memory for
    /// compression. Messages below 256 bytes are sent uncompressed. Compression costs processor time for each message. If a message mixes
    /// secrets with data that an attacker controls, its length can reveal the secrets (CRIME, BREACH).
    /// </summary>
    public bool EnableCompression { get; set; }

    /// <summary>
    /// Whether frames bypass server layers that they don't need. Default: true. Over HTTP/1.1, frames then use the connection's pipe
    /// instead of the request's stream. When a pong has shown that this pipe is empty, frames are written to the socket, unless the
    /// connection uses TLS or connection middleware wraps the transport. If false, frames use the stream of the upgraded request, as they
    /// always do over HTTP/2.
    /// </summary>
    public bool DirectTransport { get; set; } = true;

    /// <summary>
    /// The maximum number of connections to the endpoint, per node. Default: null, no limit; otherwise at least 1. The server answers
    /// further handshakes with HTTP status 503.
    /// </summary>
    public int? MaxConnections { get; set; }

    /// <summary>
    /// The maximum number of connections of one user to the endpoint, per node. Default: null, no limit; otherwise at least 1. A further
    /// connection is closed with 1013, or answered with status 503 if it isn't a WebSocket, before its handler is created. Anonymous clients
    /// aren't counted. A lost connection counts until the server detects the loss, which takes up to the sum of
    /// <see cref="WebSocketConnectionOptions.PingInterval"/> and <see cref="WebSocketConnectionOptions.PingTimeout"/>. Allow users more
    /// connections than they need.
    /// </summary>
    public int? MaxConnectionsPerUser { get; set; }

    /// <summary>The characters that a token can contain besides letters and digits (RFC 9110 section 5.6.2).</summary>
    private const string TokenSymbols = "!#$%&'*+-.^_`|~";

    /// <inheritdoc />
    protected override IEnumerable<string> Problems() =>
        base.Problems()
            .Concat(OriginPolicy.Problems(AllowedOrigins))
            .Concat(SubprotocolProblems())
            .Concat(HomeRoomProblems())
            .Concat(TransportProblems())
            .Concat(CountProblems(nameof(MaxConnections), MaxConnections))
            .Concat(CountProblems(nameof(MaxConnectionsPerUser), MaxConnectionsPerUser));

    private static IEnumerable<string> CountProblems(string name, int? count) =>
        count < 1 ? [$"{nameof(WebSocketEndpointOptions)}.{name} is {count}; it must be at least 1, or null for no limit."] : [];

    private static string? RoomOfRoute(HttpContext context)
    {
        if (context.Request.RouteValues["room"] is string room)
            return room;
        var pattern = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        return pattern?.Length == 0 ? "/" : pattern;
    }

    private IEnumerable<string> HomeRoomProblems() => HomeRoom is null
        ? [$"{nameof(WebSocketEndpointOptions)}.{nameof(HomeRoom)} must not be null. Leave it unset to use the route value 'room'."]
        : [];

    private IEnumerable<string> TransportProblems() => Transports is ChatTransports.None || (Transports & ~ChatTransports.All) != 0
        ? [$"{nameof(WebSocketEndpointOptions)}.{nameof(Transports)} is {Transports}; it must be a combination of WebSockets, ServerSentEvents and "
            + "Polling."]
        : [];

    private IEnumerable<string> SubprotocolProblems() =>
        Subprotocols
            .Where(static name => string.IsNullOrEmpty(name) || !name.All(static c => char.IsAsciiLetterOrDigit(c) || TokenSymbols.Contains(c)))
            .Select(static name => $"{nameof(WebSocketEndpointOptions)}.{nameof(Subprotocols)} contains '{name}'; "
                + "a subprotocol must be a token of visible ASCII characters without separators (RFC 6455 section 4.1).");
}
