using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;

namespace ChatKit.TestKit.Client;

/// <summary>Carries frames over a WebSocket.</summary>
internal sealed class WebSocketTransport(ChatClientOptions options, ClientRooms rooms, CancellationToken stop) : Transport(options, rooms, stop)
{
    private const string Subprotocol = "chatkit.v1";

    private readonly ClientWebSocket _socket = new();
    private readonly ArrayBufferWriter<byte> _frame = new();

    public override async Task ConnectAsync(Uri address, CancellationToken limit)
    {
        _socket.Options.AddSubProtocol(Subprotocol);
        _socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await _socket.ConnectAsync(WithPositions(address), Options.Invoker, limit);
        if (_socket.SubProtocol != Subprotocol)
            Close = (WebSocketCloseStatus.ProtocolError, $"The server does not speak {Subprotocol}.");
    }

    public override async IAsyncEnumerable<ServerFrame> ReceiveAsync()
    {
        while (true)
        {
            var result = await _socket.ReceiveAsync(_frame.GetMemory(4096), Silence.Begin());
            Silence.End();
            if (result.MessageType == WebSocketMessageType.Close)
            {
                await CloseAsync(Ending);
                Close = (_socket.CloseStatus, _socket.CloseStatusDescription);
                yield break;
            }

            _frame.Advance(result.Count);
            if (!result.EndOfMessage)
                continue;
            if (JsonSerializer.Deserialize(_frame.WrittenSpan, FrameContext.Default.ServerFrame) is { } frame)
                yield return frame;
            _frame.ResetWrittenCount();
        }
    }

    public override ValueTask SendAsync(ClientFrame frame) =>
        _socket.SendAsync(frame.Json.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, Ending);

    public override async Task CloseAsync(CancellationToken limit)
    {
        if (_socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
            return;
        try
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit);
        }
        catch (Exception e) when (IsFailure(e) || e is InvalidOperationException)
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
        base.Dispose();
        _socket.Dispose();
    }
}
