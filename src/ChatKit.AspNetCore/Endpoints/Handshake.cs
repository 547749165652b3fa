using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// Checks the requirements of RFC 6455 sections 4.2.1, 9.1 and 11.3 that the platform doesn't check. The platform accepts HTTP/1.0 and a
/// list of versions that includes the right one, answers an invalid key like a request for a page, and ignores extensions that aren't a
/// list.
/// </summary>
internal static partial class Handshake
{
    private const string WebSocket = "websocket";
    private const string Version = "13";

    /// <summary>16 bytes in base64.</summary>
    private const int KeyLength = 24;

    private const string Token = """[!#$%&'*+\-.^_`|~0-9A-Za-z]""";
    private const string Blank = """[ \t]*""";

    /// <summary>Returns what is wrong with a handshake, for people; null if it is valid, has another version, or isn't a handshake.</summary>
    public static string? Problem(HttpContext context)
    {
        var request = context.Request;
        var headers = request.Headers;
        var isExtendedConnect = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: WebSocket };
        if (!isExtendedConnect && !(Lists(headers, HeaderNames.Upgrade, WebSocket) && Lists(headers, HeaderNames.Connection, "Upgrade")))
            return null;
        if (headers.SecWebSocketVersion.Count > 1 || headers.SecWebSocketVersion.ToString().Contains(',', StringComparison.Ordinal))
            return "A handshake must have one Sec-WebSocket-Version (RFC 6455 section 11.3.5).";
        if (headers.SecWebSocketVersion != Version)
            return null;
        if (!isExtendedConnect && UpgradeProblem(request) is { } problem)
            return problem;
        return Extensions().IsMatch(headers.SecWebSocketExtensions.ToString())
            ? null
            : "The handshake's Sec-WebSocket-Extensions is not a list of extensions (RFC 6455 section 9.1).";
    }

    /// <summary>Checks the requirements of HTTP/1.1 only. Extended CONNECT has no key, and its method is known (RFC 8441 section 5).</summary>
    private static string? UpgradeProblem(HttpRequest request)
    {
        if (request.Method != HttpMethods.Get || !HttpProtocol.IsHttp11(request.Protocol))
            return "A handshake must be a GET request over HTTP/1.1 (RFC 6455 section 4.2.1).";
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
            return "A handshake must not have a body, because frames follow it.";
        return request.Headers.SecWebSocketKey is [{ } key] && IsKey(key)
            ? null
            : "A handshake must have one Sec-WebSocket-Key, 16 bytes in base64 (RFC 6455 section 4.2.1).";
    }

    private static bool Lists(IHeaderDictionary headers, string name, string token) =>
        headers.GetCommaSeparatedValues(name).Contains(token, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a key is valid. The length check rejects blanks, which the platform ignores.</summary>
    private static bool IsKey(string key) =>
        key.Length == KeyLength && Convert.TryFromBase64String(key, stackalloc byte[16], out var length) && length == 16;

    /// <summary>The grammar of RFC 6455 section 9.1. A list can have empty elements, and a quoted value must be a token too.</summary>
    [GeneratedRegex($"""^[ \t,]*(?:{Token}+(?:{Blank};{Blank}{Token}+(?:{Blank}={Blank}(?:{Token}+|"(?:\\?{Token})+"))?)*{Blank}(?:,[ \t,]*|\z))*\z""")]
    private static partial Regex Extensions();
}
