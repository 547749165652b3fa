using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Which pages may connect (RFC 6455 section 10.2). A browser sends the visitor's cookies with every WebSocket handshake, whichever
/// page starts it, and nothing but this check keeps a foreign page out.
/// </summary>
internal sealed class OriginPolicy
{
    public const string Any = "*";

    private const string AnySubdomain = "*.";

    /// <summary>What a user, a path, a query, a fragment or a second wildcard brings along.</summary>
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
            $"{nameof(WebSocketEndpointOptions)}.{nameof(WebSocketEndpointOptions.AllowedOrigins)} contains '{origin}'; an origin is "
            + "'https://example.com', 'https://example.com:8443', 'https://*.example.com' or '*', without a path.");

    public bool Allows(HttpRequest request)
    {
        var header = request.Headers.Origin;
        if (header.Count == 0 || _allowAny)
            return true;
        if (header.Count > 1 || !Uri.TryCreate(header, UriKind.Absolute, out var uri))
            return false;

        var origin = Origin.Of(uri);
        return IsSameHost(origin, request.Host) || _origins.Contains(origin) || _parents.Exists(origin.IsBelow);
    }

    /// <summary>
    /// Compares host and port but not the scheme: a proxy that ends TLS passes on the host, and the page's scheme is then not the
    /// one that arrives here.
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

    /// <summary>What makes an origin (RFC 6454 section 4): the host in lower case and punycode, the port also where it is the scheme's own.</summary>
    private readonly record struct Origin(string Scheme, string Host, int Port)
    {
        public static Origin Of(Uri uri) => new(uri.Scheme, uri.IdnHost, uri.Port);

        public bool IsBelow(Origin parent) =>
            Scheme == parent.Scheme && Port == parent.Port && Host.EndsWith("." + parent.Host, StringComparison.Ordinal);
    }
}
