using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>Responses to requests that an endpoint refuses.</summary>
internal static class Refusal
{
    /// <summary>Responds with a status and a text for people.</summary>
    public static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.XContentTypeOptions = "nosniff"; // The text can contain data from the client.
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }

    /// <summary>Responds to a request that isn't a WebSocket handshake.</summary>
    /// <exception cref="InvalidOperationException">The server cannot upgrade connections.</exception>
    public static Task AnswerPlainRequestAsync(HttpContext context)
    {
        if (context.Features.GetRequiredFeature<TransportCapture>() is { IsUpgradableRequest: false } && AsksForUpgrade(context.Request))
        {
            throw new InvalidOperationException(
                "The server cannot upgrade connections. Run the application on Kestrel, IIS or HTTP.sys; in a test, call "
                + "WebApplicationFactory.UseKestrel(), because the in-memory TestServer has no transport to upgrade.");
        }

        // RFC 6455 section 4.4: the server states the version that it supports. HTTP/2 has no Upgrade header.
        context.Response.Headers.SecWebSocketVersion = "13";
        if (IsHttp1(context.Request))
        {
            context.Response.Headers.Upgrade = "websocket";

            // With this header, Kestrel closes the connection. A client that didn't know would lose its next request.
            context.Response.Headers.Connection = "Upgrade, close";
        }

        return AnswerAsync(
            context,
            StatusCodes.Status426UpgradeRequired,
            "This is a WebSocket endpoint (RFC 6455, version 13). Connect to it with a WebSocket client. In a browser: "
            + "new WebSocket(location.href.replace(/^http/, 'ws'))");
    }

    /// <summary>
    /// Whether the request asks for an upgrade (RFC 9110 section 7.8). It doesn't, for example, if a proxy has kept the Upgrade header and
    /// removed the connection option.
    /// </summary>
    private static bool AsksForUpgrade(HttpRequest request) =>
        HttpProtocol.IsHttp11(request.Protocol)
        && request.Headers.Upgrade.Count > 0
        && request.Headers.GetCommaSeparatedValues(HeaderNames.Connection).Contains("Upgrade", StringComparer.OrdinalIgnoreCase);

    private static bool IsHttp1(HttpRequest request) => HttpProtocol.IsHttp11(request.Protocol) || HttpProtocol.IsHttp10(request.Protocol);
}
