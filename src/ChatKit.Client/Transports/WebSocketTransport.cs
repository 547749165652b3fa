using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using ChatKit.Client.Connections;

namespace ChatKit.Client.Transports;

/// <summary>Carries frames over a WebSocket.</summary>
internal sealed class WebSocketTransport(Settings settings, string? token) : Transport(settings, token)
{
    private const string Subprotocol = "chatkit.v1";

    // Proxies refuse much longer addresses.
    private const int MaxAddress = 4_000;

    private const int MinBuffer = 4_096;

    /// <summary>A larger frame ends the connection. Servers don't send frames that are larger than their outbound queue.</summary>
    private const int MaxFrame = 64 * 1024 * 1024;

    private readonly ClientWebSocket _socket = new();

    public override async Task<LinkEnd> RunAsync(IHandshake handshake, IFrameSink sink)
    {
        await ConnectAsync(handshake.AddQuery(MaxAddress, isWhole: false, out _)).ConfigureAwait(false);
        if (_socket.SubProtocol != Subprotocol)
            return new LinkEnd(1002, $"The server does not speak {Subprotocol}.");
        while (true)
        {
            await ThrottleAsync(sink).ConfigureAwait(false);

            // A connection that waits holds no buffer.
            var ready = await _socket.ReceiveAsync(Memory<byte>.Empty, Ending).ConfigureAwait(false);
            if (ready.MessageType == WebSocketMessageType.Close)
                return await AnswerCloseAsync().ConfigureAwait(false);
            if (!await ReceiveFrameAsync(sink, ready.EndOfMessage).ConfigureAwait(false))
                return await AnswerCloseAsync().ConfigureAwait(false);
        }
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> frame) =>
        _socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, Ending);

    public override async ValueTask CloseAsync()
    {
        if (_socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
            return;
        try
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Ending).ConfigureAwait(false);
        }
        catch (Exception e) when (IsFailure(e))
        {
            // The connection has ended in any case.
        }
    }

    public override void Abort()
    {
        _socket.Abort();
        base.Abort();
    }

    public override void Dispose()
    {
        _socket.Dispose();
        base.Dispose();
    }

    private async Task ConnectAsync(Uri address)
    {
        var options = _socket.Options;
        options.AddSubProtocol(Subprotocol);
        if (OperatingSystem.IsBrowser())
        {
            await ConnectInBrowserAsync(address).ConfigureAwait(false);
            return;
        }

        options.KeepAliveInterval = TimeSpan.Zero; // The protocol has its own.
        options.CollectHttpResponseDetails = true;
        foreach (var (name, value) in Settings.Headers)
            options.SetRequestHeader(name, value);
        if (Token is { Length: > 0 })
            options.SetRequestHeader("Authorization", $"Bearer {Token}");
        Settings.Options.ConfigureWebSocket?.Invoke(options);
        try
        {
            await _socket.ConnectAsync(ToWebSocket(address), Invoker(), Ending).ConfigureAwait(false);
            _socket.HttpResponseHeaders = null; // Nobody reads them, and they cost memory.
        }
        catch (Exception e) when (IsFailure(e) && !Ending.IsCancellationRequested)
        {
            throw new LinkEndedException(ToEnd(e));
        }
    }

    /// <summary>
    /// Connects with a browser's own WebSocket, which has cookies but no other headers: a token is in a subprotocol, because URLs are logged. It
    /// doesn't say why a handshake has failed.
    /// </summary>
    private async Task ConnectInBrowserAsync(Uri address)
    {
        if (Token is { Length: > 0 })
            _socket.Options.AddSubProtocol($"bearer.{Token}");
        try
        {
            await _socket.ConnectAsync(ToWebSocket(address), Ending).ConfigureAwait(false);
        }
        catch (Exception e) when (IsFailure(e) && !Ending.IsCancellationRequested)
        {
            throw new LinkEndedException(LinkEnd.Broken(HttpRequests.Describe(e)) with { IsUnknown = true });
        }
    }

    /// <summary>A WebSocket with options of its own can't use a handler that is not its own, unless the application says so.</summary>
    private HttpMessageInvoker? Invoker() =>
        Settings.Options.HttpMessageInvoker ?? (Settings.Options.ConfigureWebSocket is null ? HttpRequests.Shared : null);

    private LinkEnd ToEnd(Exception exception)
    {
        var status = _socket.HttpStatusCode;
        if ((int)status < 200)
            return LinkEnd.Broken(HttpRequests.Describe(exception)) with { IsUnknown = HttpRequests.IsUnreachable(exception) };

        // A proxy can answer like this: one that blocks WebSockets, or hasn't found the server yet.
        if (status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            return LinkEnd.Broken($"The handshake was answered with {(int)status}.");
        IEnumerable<string>? retry = null;
        _socket.HttpResponseHeaders?.TryGetValue("Retry-After", out retry);
        var isKnown = int.TryParse(retry?.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds);
        return HttpRequests.ToEnd(status, null, isKnown ? TimeSpan.FromSeconds(seconds) : null);
    }

    /// <summary>Reads one frame. Returns false if a close frame came instead.</summary>
    private async ValueTask<bool> ReceiveFrameAsync(IFrameSink sink, bool isEmpty)
    {
        if (isEmpty)
            return true;
        var buffer = ArrayPool<byte>.Shared.Rent(MinBuffer);
        try
        {
            var length = 0;
            while (true)
            {
                var result = await _socket.ReceiveAsync(buffer.AsMemory(length), Ending).ConfigureAwait(false);
                if (result.MessageType == WebSocketMessageType.Close)
                    return false;
                length += result.Count;
                if (result.EndOfMessage)
                    break;
                if (length == buffer.Length)
                    buffer = Grow(buffer);
            }

            sink.OnFrame(buffer.AsSpan(0, length));
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        if (buffer.Length >= MaxFrame)
            throw new IOException($"The server has sent a frame of more than {MaxFrame} bytes.");
        var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private async Task<LinkEnd> AnswerCloseAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        return new LinkEnd((int?)_socket.CloseStatus ?? 1005, _socket.CloseStatusDescription ?? "");
    }

    private static Uri ToWebSocket(Uri address) => address.Scheme switch
    {
        "http" => new UriBuilder(address) { Scheme = "ws" }.Uri,
        "https" => new UriBuilder(address) { Scheme = "wss" }.Uri,
        _ => address,
    };
}
