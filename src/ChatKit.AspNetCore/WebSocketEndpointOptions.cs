using ChatKit;
using ChatKit.AspNetCore.Endpoints;

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

    /// <summary>What a token may contain (RFC 9110 section 5.6.2) besides letters and digits.</summary>
    private const string TokenSymbols = "!#$%&'*+-.^_`|~";

    /// <inheritdoc />
    protected override IEnumerable<string> Problems() =>
        base.Problems().Concat(OriginPolicy.Problems(AllowedOrigins)).Concat(SubprotocolProblems());

    private IEnumerable<string> SubprotocolProblems() =>
        Subprotocols
            .Where(static name => string.IsNullOrEmpty(name) || !name.All(static c => char.IsAsciiLetterOrDigit(c) || TokenSymbols.Contains(c)))
            .Select(static name => $"{nameof(WebSocketEndpointOptions)}.{nameof(Subprotocols)} contains '{name}'; "
                + "a subprotocol is a token of visible ASCII characters without separators (RFC 6455 section 4.1).");
}
