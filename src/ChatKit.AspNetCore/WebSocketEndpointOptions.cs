using ChatKit;
using ChatKit.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>What holds for an endpoint that <c>MapWebSocketHandler</c> has mapped, and for each of its connections.</summary>
public sealed class WebSocketEndpointOptions : WebSocketConnectionOptions
{
    /// <summary>
    /// Which pages may connect, besides those of the same host: origins such as <c>https://example.com</c>, with
    /// <c>https://*.example.com</c> for all subdomains. Default: none. <c>*</c> lets the page of any site connect with the
    /// cookies of its visitor (cross-site WebSocket hijacking); a warning in the log says so. Clients that are no browsers send no
    /// origin and may always connect.
    /// </summary>
    public IList<string> AllowedOrigins { get; set; } = [];

    /// <summary>
    /// The subprotocols that the endpoint speaks, the best first; the first that the client offers too is taken. Default: none.
    /// </summary>
    public IList<string> Subprotocols { get; set; } = [];

    /// <summary>
    /// Names the home room of a client, from the request of its handshake. Default: the route value <c>room</c>, else the route's
    /// pattern, with the prefixes of its groups. Rooms are global: put what must keep them apart, such as the tenant, into the name. A
    /// name that is not valid, see <see cref="RoomName"/>, is answered with status 400.
    /// </summary>
    public Func<HttpContext, string?> HomeRoom { get; set; } = RoomOfRoute;

    /// <summary>
    /// Whether a connection is closed, with 1008, when the authentication that its handshake came with expires: the ticket of a cookie, or
    /// a bearer token (<c>AuthenticationProperties.ExpiresUtc</c>). Default: true. False lets whoever was logged in stay
    /// for as long as the connection lasts.
    /// </summary>
    public bool CloseOnAuthenticationExpiration { get; set; } = true;

    /// <summary>
    /// Whether clients that offer it may send compressed messages and get compressed ones (permessage-deflate, RFC 7692). Default:
    /// false. Each message is compressed on its own, without context takeover: once for all who get it, and an idle connection holds
    /// no memory for it. Messages below 256 bytes go out as they are. Costs processor time for each message; and where a message
    /// mixes secrets with what an attacker chose, its length tells of them (CRIME, BREACH).
    /// </summary>
    public bool EnableCompression { get; set; }

    /// <summary>
    /// Whether frames bypass layers of the server that do nothing for them. Default: true. Over HTTP/1.1 they then go through the
    /// connection's own pipe instead of HTTP's stream; and once a pong has shown that this pipe is empty, to the socket, unless there
    /// is TLS or the transport is wrapped by connection middleware. False uses the stream of the upgraded request, as HTTP/2 does always.
    /// </summary>
    public bool DirectTransport { get; set; } = true;

    /// <summary>
    /// How many connections the endpoint may have on each node. Default: null, any number; else at least 1. Further handshakes are
    /// answered with HTTP status 503.
    /// </summary>
    public int? MaxConnections { get; set; }

    /// <summary>
    /// How many of them one user may have on each node. Default: null, any number; else at least 1. A further one is closed with 1013
    /// before it has a handler, or is in a room. Clients without a user are not counted. A connection that is lost counts until the
    /// server has noticed, which takes up to the sum of <see cref="WebSocketConnectionOptions.PingInterval"/> and
    /// <see cref="WebSocketConnectionOptions.PingTimeout"/>: leave users more than they need.
    /// </summary>
    public int? MaxConnectionsPerUser { get; set; }

    /// <summary>What a token may contain (RFC 9110 section 5.6.2) besides letters and digits.</summary>
    private const string TokenSymbols = "!#$%&'*+-.^_`|~";

    /// <inheritdoc />
    protected override IEnumerable<string> Problems() =>
        base.Problems()
            .Concat(OriginPolicy.Problems(AllowedOrigins))
            .Concat(SubprotocolProblems())
            .Concat(HomeRoomProblems())
            .Concat(CountProblems(nameof(MaxConnections), MaxConnections))
            .Concat(CountProblems(nameof(MaxConnectionsPerUser), MaxConnectionsPerUser));

    private static IEnumerable<string> CountProblems(string name, int? count) =>
        count < 1 ? [$"{nameof(WebSocketEndpointOptions)}.{name} is {count}; it must be at least 1, or null for any number."] : [];

    private static string? RoomOfRoute(HttpContext context)
    {
        if (context.Request.RouteValues["room"] is string room)
            return room;
        var pattern = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        return pattern?.Length == 0 ? "/" : pattern;
    }

    private IEnumerable<string> HomeRoomProblems() => HomeRoom is null
        ? [$"{nameof(WebSocketEndpointOptions)}.{nameof(HomeRoom)} is null; leave it as it is for the route value 'room'."]
        : [];

    private IEnumerable<string> SubprotocolProblems() =>
        Subprotocols
            .Where(static name => string.IsNullOrEmpty(name) || !name.All(static c => char.IsAsciiLetterOrDigit(c) || TokenSymbols.Contains(c)))
            .Select(static name => $"{nameof(WebSocketEndpointOptions)}.{nameof(Subprotocols)} contains '{name}'; "
                + "a subprotocol is a token of visible ASCII characters without separators (RFC 6455 section 4.1).");
}
