using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Transports;

/// <summary>What event streams, polls and handshakes have in common.</summary>
internal static class HttpRequests
{
    public const string JsonType = "application/json";

    /// <summary>All clients share it, so that an idle client costs little. In a browser, it uses <c>fetch</c>.</summary>
    public static HttpMessageInvoker Shared { get; } = new(
        OperatingSystem.IsBrowser() ? new HttpClientHandler() : new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) });

    /// <summary>Requests what the server sends. Returns when the headers of the response have arrived.</summary>
    public static async Task<HttpResponseMessage> GetAsync(Settings settings, Uri address, string? token, string type, CancellationToken limit)
    {
        using var request = Create(settings, HttpMethod.Get, address, token);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        return await SendAsync(settings, request, limit).ConfigureAwait(false);
    }

    /// <summary>Posts JSON.</summary>
    public static async Task<HttpResponseMessage> PostAsync(
        Settings settings, Uri address, string? token, ReadOnlyMemory<byte> body, (string Name, string Value)[] headers, CancellationToken limit)
    {
        using var request = Create(settings, HttpMethod.Post, address, token);
        request.Content = new ReadOnlyMemoryContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(JsonType);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return await SendAsync(settings, request, limit).ConfigureAwait(false);
    }

    /// <summary>Reads what the server says about a failure; empty if the response isn't the server's, but that of a proxy.</summary>
    public static async Task<Problem> ReadProblemAsync(HttpResponseMessage response, CancellationToken limit)
    {
        var none = new Problem(null, null, null, null, null);
        try
        {
            var body = await response.Content.ReadAsByteArrayAsync(limit).ConfigureAwait(false);
            return response.Content.Headers.ContentType?.MediaType switch
            {
                "application/problem+json" => JsonSerializer.Deserialize(body, FrameContext.Default.Problem) ?? none,
                "text/plain" => none with { Detail = System.Text.Encoding.UTF8.GetString(body).Trim() },
                _ => none,
            };
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            return none;
        }
    }

    /// <summary>The same request can succeed later.</summary>
    public static bool IsEarly(HttpStatusCode status) => (int)status is 429 or 502 or 503 or 504;

    /// <summary>The delay that the server asks for.</summary>
    public static TimeSpan? DelayOf(HttpResponseMessage response) => response.Headers.RetryAfter?.Delta;

    /// <summary>How a WebSocket would end in place of this response. A proxy that hasn't found the server says nothing about the transport.</summary>
    public static LinkEnd ToEnd(HttpStatusCode status, Problem? problem, TimeSpan? delay)
    {
        var reason = problem?.Detail ?? string.Create(CultureInfo.InvariantCulture, $"The server has answered {(int)status}.");
        if (problem?.CloseCode is { } code)
            return new LinkEnd(code, problem.Detail ?? "");
        switch ((int)status)
        {
            case 400 or 401 or 403:
                return new LinkEnd(LinkEnd.Policy, reason);
            case 429 or 503:
                return new LinkEnd(LinkEnd.Busy, reason) { Earliest = delay };
            default:
                var isNotOffered = (int)status is (>= 200 and < 300) or 405 or 406 or 415 or 426 or 501;
                return LinkEnd.Broken(reason) with { IsNotOffered = isNotOffered, IsUnknown = !isNotOffered };
        }
    }

    /// <summary>Whether there is no answer at all, so that the server can be down.</summary>
    public static bool IsUnreachable(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError }
                or System.Net.Sockets.SocketException { SocketErrorCode: System.Net.Sockets.SocketError.ConnectionRefused })
                return true;
        }

        return false;
    }

    public static string Describe(Exception exception) => (exception.InnerException ?? exception).Message;

    /// <summary>The address of a WebSocket is the same, except for its scheme.</summary>
    public static Uri ToHttp(Uri address) => address.Scheme switch
    {
        "ws" => new UriBuilder(address) { Scheme = Uri.UriSchemeHttp }.Uri,
        "wss" => new UriBuilder(address) { Scheme = Uri.UriSchemeHttps }.Uri,
        _ => address,
    };

    /// <summary>Returns when the headers have arrived. An <see cref="HttpClient"/> would wait for the end of an event stream.</summary>
    private static Task<HttpResponseMessage> SendAsync(Settings settings, HttpRequestMessage request, CancellationToken limit) =>
        settings.Options.HttpMessageInvoker switch
        {
            HttpClient client => client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit),
            { } invoker => invoker.SendAsync(request, limit),
            null => Shared.SendAsync(request, limit),
        };

    private static HttpRequestMessage Create(Settings settings, HttpMethod method, Uri address, string? token)
    {
        var request = new HttpRequestMessage(method, ToHttp(address)) { VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher };
        foreach (var (name, value) in settings.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (!string.IsNullOrEmpty(token))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }
}
