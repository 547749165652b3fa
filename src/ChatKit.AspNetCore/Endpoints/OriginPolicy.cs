using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Decides which pages can connect (RFC 6455 section 10.2). A browser sends the visitor's cookies with every WebSocket handshake, whichever
/// page starts it. Only this check keeps out pages of other sites.
/// </summary>
internal sealed class OriginPolicy
{
    public const string Any = "*";

    private const string AnySubdomain = "*.";

    /// <summary>The characters that introduce a user, a path, a query, a fragment or a second wildcard.</summary>
    private static readonly SearchValues<char> BeyondAuthority = SearchValues.Create(@"@/\?#* ");

    private readonly bool _allowAny;
    private readonly HashSet<Origin> _origins = [];
    private readonly List<Origin> _parents = [];

    public OriginPolicy(IEnumerable<string> allowed)
    {
        foreach (var text in allowed)
        {
            if (text == Any)
                _allowAny = true;
            else if (Parse(text, out var isParent) is not { } origin)
                continue;
            else if (isParent)
                _parents.Add(origin);
            else
                _origins.Add(origin);
        }
    }

    public static IEnumerable<string> Problems(IEnumerable<string> allowed) =>
        allowed.Where(static origin => origin != Any && Parse(origin, out _) is null).Select(static origin =>
            $"{nameof(WebSocketEndpointOptions)}.{nameof(WebSocketEndpointOptions.AllowedOrigins)} contains '{origin}'; an origin has the form "
            + "'https://example.com', 'https://example.com:8443', 'https://*.example.com' or '*', without a path.");

    public bool Allows(HttpRequest request)
    {
        var header = request.Headers.Origin;
        if (_allowAny)
            return true;
        if (header.Count == 0)
            return !IsOfOtherSite(request);
        if (header.Count > 1 || !Uri.TryCreate(header, UriKind.Absolute, out var uri))
            return false;

        var origin = Origin.Of(uri);
        return IsSameHost(origin, request.Host) || _origins.Contains(origin) || _parents.Exists(origin.IsBelow);
    }

    /// <summary>
    /// Whether a page of another site sends the request. A page can send a GET request without an origin (the mode <c>no-cors</c> of
    /// <c>fetch</c>). It can't read the response, but the handler runs as its visitor.
    /// </summary>
    private static bool IsOfOtherSite(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site";

    /// <summary>
    /// Compares the host and the port but not the scheme. Behind a proxy that terminates TLS and forwards the host, the request's scheme
    /// differs from the page's.
    /// </summary>
    private static bool IsSameHost(Origin origin, HostString host) =>
        (origin.Scheme == Uri.UriSchemeHttps || origin.Scheme == Uri.UriSchemeHttp)
        && host.HasValue
        && Uri.TryCreate($"{origin.Scheme}://{host.Value}", UriKind.Absolute, out var own)
        && Origin.Of(own) == origin;

    private static Origin? Parse(string? text, out bool isParent)
    {
        isParent = false;
        var end = text?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (end < 1)
            return null;

        var scheme = text![..end];
        var host = text[(end + 3)..];
        isParent = host.StartsWith(AnySubdomain, StringComparison.Ordinal);
        if (isParent)
            host = host[AnySubdomain.Length..];
        return !host.AsSpan().ContainsAny(BeyondAuthority)
            && Uri.TryCreate($"{scheme}://{host}", UriKind.Absolute, out var uri)
            && uri.Host.Length > 0
            ? Origin.Of(uri)
            : null;
    }

    /// <summary>
    /// The parts of an origin (RFC 6454 section 4): the host in lower case and Punycode; the port even if it is the scheme's default.
    /// </summary>
    private readonly record struct Origin(string Scheme, string Host, int Port)
    {
        public static Origin Of(Uri uri) => new(uri.Scheme, uri.IdnHost, uri.Port);

        public bool IsBelow(Origin parent) =>
            Scheme == parent.Scheme && Port == parent.Port && Host.EndsWith("." + parent.Host, StringComparison.Ordinal);
    }
}
