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

    private readonly bool _allowAny;
    private readonly HashSet<string> _origins = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(string Scheme, string Suffix)> _subdomains = [];

    public OriginPolicy(IEnumerable<string> allowed)
    {
        foreach (var origin in allowed)
        {
            if (origin == Any)
                _allowAny = true;
            else if (Split(origin) is var (scheme, host) && host.StartsWith(AnySubdomain, StringComparison.Ordinal))
                _subdomains.Add((scheme, host[1..]));
            else
                _origins.Add(Normalize(new Uri(origin)));
        }
    }

    public static IEnumerable<string> Problems(IEnumerable<string> allowed) =>
        allowed.Where(static origin => !IsValid(origin)).Select(static origin =>
            $"{nameof(WebSocketEndpointOptions)}.{nameof(WebSocketEndpointOptions.AllowedOrigins)} contains '{origin}'; an origin is "
            + "'https://example.com', 'https://example.com:8443', 'https://*.example.com' or '*', without a path.");

    public bool Allows(HttpRequest request)
    {
        var header = request.Headers.Origin;
        if (header.Count == 0 || _allowAny)
            return true;
        if (header.Count > 1 || !Uri.TryCreate(header, UriKind.Absolute, out var origin))
            return false;

        return IsSameHost(origin, request.Host)
            || _origins.Contains(Normalize(origin))
            || _subdomains.Exists(allowed =>
                origin.Scheme.Equals(allowed.Scheme, StringComparison.OrdinalIgnoreCase)
                && origin.Authority.EndsWith(allowed.Suffix, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Compares host and port but not the scheme: a proxy that ends TLS passes on the host, and the page's scheme is then not the
    /// one that arrives here.
    /// </summary>
    private static bool IsSameHost(Uri origin, HostString host)
    {
        if (!host.HasValue || !Uri.TryCreate($"{origin.Scheme}://{host.Value}", UriKind.Absolute, out var own))
            return false;
        return Normalize(origin).Equals(Normalize(own), StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsValid(string origin)
    {
        if (origin == Any)
            return true;
        if (string.IsNullOrEmpty(origin) || Split(origin) is not var (scheme, host))
            return false;
        if (host.StartsWith(AnySubdomain, StringComparison.Ordinal))
            host = host[AnySubdomain.Length..];
        return !host.Contains('*')
            && Uri.TryCreate($"{scheme}://{host}", UriKind.Absolute, out var uri)
            && uri.PathAndQuery == "/" && uri.Host.Length > 0 && !host.EndsWith('/');
    }

    private static (string Scheme, string Host)? Split(string origin)
    {
        var end = origin.IndexOf("://", StringComparison.Ordinal);
        return end < 1 ? null : (origin[..end], origin[(end + 3)..]);
    }

    /// <summary>Scheme, host and port, the port left out where it is the scheme's own.</summary>
    private static string Normalize(Uri uri) => uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
}
