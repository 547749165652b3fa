using Microsoft.AspNetCore.Http;

namespace ChatKit.Monitor.Endpoints;

/// <summary>
/// Protects what operators read and do from other sites, whose pages send requests with the operator's cookie. The page sends a header that only
/// pages of this origin can send without asking the server before (CORS), which says no unless the application allows it.
/// </summary>
internal static class SameOrigin
{
    public const string Header = "ChatKit-Monitor";

    /// <summary>
    /// Whether the page has sent the request. Where the application allows other origins any header, what the browser says about the sender
    /// counts: <c>Sec-Fetch-Site</c>, or else the origin, which a reverse proxy must not make differ from the host.
    /// </summary>
    public static bool Allows(HttpRequest request)
    {
        if (!request.Headers.ContainsKey(Header))
            return false;
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
            return site == "same-origin";
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || (Uri.TryCreate(origin, UriKind.Absolute, out var theirs)
                && Uri.TryCreate($"{theirs.Scheme}://{request.Host.Value}", UriKind.Absolute, out var own)
                && (theirs.IdnHost, theirs.Port) == (own.IdnHost, own.Port));
    }
}
