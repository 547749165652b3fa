using System.Net;
using System.Net.Http.Headers;

namespace ChatKit.TestKit.Client;

/// <summary>Sends the requests of a connection that consists of several. Each can go to another server.</summary>
internal abstract class HttpTransport(ChatClientOptions options, ClientRooms rooms, CancellationToken stop) : Transport(options, rooms, stop)
{
    protected const string JsonType = "application/json";

    private static readonly HttpMessageInvoker Shared = new(new SocketsHttpHandler());

    /// <summary>Requests what the server sends. Returns when the headers of the response have arrived.</summary>
    protected async Task<HttpResponseMessage> GetAsync(Uri address, string type, CancellationToken limit)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ToHttp(address));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        return await SendAsync(request, limit);
    }

    /// <summary>Posts what the client sends, in JSON.</summary>
    protected async Task<HttpAnswer> PostAsync(byte[] body, params (string Name, string Value)[] headers)
    {
        var address = await Options.NextAddress(Ending);
        using var request = new HttpRequestMessage(HttpMethod.Post, ToHttp(address)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(JsonType);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ending);
        limit.CancelAfter(Options.ConnectTimeout);
        using var response = await SendAsync(request, limit.Token);
        return await HttpAnswer.ReadAsync(response, limit.Token);
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken limit) =>
        (Options.Invoker ?? Shared).SendAsync(request, limit);

    /// <summary>The address of a WebSocket is the same, except for its scheme.</summary>
    private static Uri ToHttp(Uri address) => address.Scheme switch
    {
        "ws" => new UriBuilder(address) { Scheme = Uri.UriSchemeHttp }.Uri,
        "wss" => new UriBuilder(address) { Scheme = Uri.UriSchemeHttps }.Uri,
        _ => address,
    };
}
