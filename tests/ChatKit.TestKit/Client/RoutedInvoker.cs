namespace ChatKit.TestKit.Client;

/// <summary>Sends each request, also a handshake, to the address that the test states for it.</summary>
internal sealed class RoutedInvoker(ChatClientOptions options) : HttpMessageInvoker(new SocketsHttpHandler())
{
    /// <summary>The address that the client knows.</summary>
    public static Uri Address { get; } = new("ws://chat.invalid/chat");

    public override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var address = await options.NextAddress(cancellationToken).AsTask().WaitAsync(cancellationToken);
        var (scheme, query) = (request.RequestUri!.Scheme, request.RequestUri.Query.TrimStart('?'));
        var parts = new[] { address.Query.TrimStart('?'), query }.Where(static part => part.Length > 0);
        request.RequestUri = new UriBuilder(address) { Scheme = scheme, Query = string.Join('&', parts) }.Uri;
        return await (options.Invoker?.SendAsync(request, cancellationToken) ?? base.SendAsync(request, cancellationToken));
    }
}
