using System.Net.WebSockets;
using System.Text;

namespace ChatKit.Tests.Fixtures;

/// <summary>The other side of a connection: the platform's own client, on a stream in memory.</summary>
internal sealed class TestClient(DuplexStream stream) : IDisposable
{
    private readonly WebSocket _socket = WebSocket.CreateFromStream(
        stream, new WebSocketCreationOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });

    /// <summary>For what the platform's client would not send. Nothing may be read by <see cref="ReceiveAsync"/> at the same time.</summary>
    public DuplexStream Stream => stream;

    public WebSocket Socket => _socket;

    public void Dispose() => _socket.Dispose();

    public Task SendAsync(string text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None).Soon();

    public Task SendAsync(byte[] data, WebSocketMessageType type = WebSocketMessageType.Binary, bool last = true) =>
        _socket.SendAsync(data, type, last, CancellationToken.None).Soon();

    /// <summary>The next message; null if the server has closed.</summary>
    public async Task<WebSocketMessage?> ReceiveAsync() =>
        await _socket.ReceiveMessageAsync() is { } message ? new WebSocketMessage(message.Data, message.Type) : null;

    /// <summary>The next message, which must be a text.</summary>
    public async Task<string> ReceiveTextAsync()
    {
        var message = await ReceiveAsync();
        Assert.True(message.HasValue, $"closed with {(int?)_socket.CloseStatus}: {_socket.CloseStatusDescription}");
        Assert.Equal(WebSocketMessageType.Text, message.Value.Type);
        return message.Value.Text;
    }

    public async Task<List<string>> ReceiveTextsAsync(int count)
    {
        List<string> texts = [];
        while (texts.Count < count)
            texts.Add(await ReceiveTextAsync());
        return texts;
    }

    /// <summary>Receives until a text comes.</summary>
    public async Task<List<string>> ReceiveUntilAsync(string last)
    {
        List<string> texts = [];
        do
        {
            texts.Add(await ReceiveTextAsync());
        }
        while (texts[^1] != last);
        return texts;
    }

    /// <summary>Receives until the server's close frame, without answering it.</summary>
    public async Task<(int Code, string? Reason)> ReceiveCloseAsync()
    {
        while (await ReceiveAsync() is not null)
        {
        }

        return ((int)_socket.CloseStatus!, _socket.CloseStatusDescription);
    }

    /// <summary>Receives until the server's close frame, and answers it.</summary>
    public async Task<(int Code, string? Reason)> ReceiveAndAnswerCloseAsync()
    {
        var close = await ReceiveCloseAsync();
        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Soon();
        return close;
    }

    /// <summary>Sends a close frame, without waiting for the answer.</summary>
    public Task SendCloseAsync(WebSocketCloseStatus code = WebSocketCloseStatus.NormalClosure, string? reason = null) =>
        _socket.CloseOutputAsync(code, reason, CancellationToken.None).Soon();

    /// <summary>Is gone without a close frame.</summary>
    public void Disconnect() => stream.EndOutput();

    /// <summary>The next frame, whatever it is, for clients that want to see pings and pongs.</summary>
    public async Task<Frame> ReceiveFrameAsync()
    {
        var header = new byte[2];
        await stream.ReadExactlyAsync(header).AsTask().Soon();
        Assert.InRange(header[1], 0, 125);
        var payload = new byte[header[1]];
        await stream.ReadExactlyAsync(payload).AsTask().Soon();
        return new Frame(header[0] & 0x0F, payload);
    }

    /// <summary>Sends a frame of up to 125 bytes, whatever it is.</summary>
    public Task SendFrameAsync(int opcode, ReadOnlySpan<byte> payload, bool final = true) =>
        stream.WriteAsync(Frame.FromClient(opcode, payload, final)).AsTask().Soon();
}
