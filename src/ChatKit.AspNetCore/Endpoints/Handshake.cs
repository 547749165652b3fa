using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// What RFC 6455 sections 4.2.1, 9.1 and 11.3 ask of an opening handshake, and the platform does not: it takes HTTP/1.0 and several versions
/// of which one is right, answers an invalid key as it answers a page, and reads past extensions that are no list.
/// </summary>
internal static partial class Handshake
{
    private const string WebSocket = "websocket";
    private const string Version = "13";

    /// <summary>16 bytes in base64.</summary>
    private const int KeyLength = 24;

    private const string Token = """[!#$%&'*+\-.^_`|~0-9A-Za-z]""";
    private const string Blank = """[ \t]*""";

    /// <summary>What is wrong with a handshake, for people. Null if nothing is, or if the request is none, or one of another version.</summary>
    public static string? Problem(HttpContext context)
    {
        var request = context.Request;
        var headers = request.Headers;
        var isExtendedConnect = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: WebSocket };
        if (!isExtendedConnect && !(Lists(headers, HeaderNames.Upgrade, WebSocket) && Lists(headers, HeaderNames.Connection, "Upgrade")))
            return null;
        if (headers.SecWebSocketVersion.Count > 1 || headers.SecWebSocketVersion.ToString().Contains(',', StringComparison.Ordinal))
            return "A handshake has one Sec-WebSocket-Version (RFC 6455 section 11.3.5).";
        if (headers.SecWebSocketVersion != Version)
            return null;
        if (!isExtendedConnect && UpgradeProblem(request) is { } problem)
            return problem;
        return Extensions().IsMatch(headers.SecWebSocketExtensions.ToString())
            ? null
            : "The handshake's Sec-WebSocket-Extensions is not a list of extensions (RFC 6455 section 9.1).";
    }

    /// <summary>What is asked over HTTP/1.1 only: extended CONNECT has no key, and its method is known (RFC 8441 section 5).</summary>
    private static string? UpgradeProblem(HttpRequest request)
    {
        if (request.Method != HttpMethods.Get || !HttpProtocol.IsHttp11(request.Protocol))
            return "A handshake is a GET of HTTP/1.1 (RFC 6455 section 4.2.1).";
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
            return "A handshake has no body: what follows it are frames.";
        return request.Headers.SecWebSocketKey is [{ } key] && IsKey(key)
            ? null
            : "A handshake has one Sec-WebSocket-Key, 16 bytes in base64 (RFC 6455 section 4.2.1).";
    }

    private static bool Lists(IHeaderDictionary headers, string name, string token) =>
        headers.GetCommaSeparatedValues(name).Contains(token, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a key is one. With blanks in it, which the platform reads past, it would be longer.</summary>
    private static bool IsKey(string key) =>
        key.Length == KeyLength && Convert.TryFromBase64String(key, stackalloc byte[16], out var length) && length == 16;

    /// <summary>The grammar of RFC 6455 section 9.1, where a list may have empty elements. What is quoted is a token, too.</summary>
    [GeneratedRegex($"""^[ \t,]*(?:{Token}+(?:{Blank};{Blank}{Token}+(?:{Blank}={Blank}(?:{Token}+|"(?:\\?{Token})+"))?)*{Blank}(?:,[ \t,]*|\z))*\z""")]
    private static partial Regex Extensions();
}
