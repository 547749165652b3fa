using System.Net.WebSockets;
using System.Threading.Channels;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Transport;

namespace ChatKit.Tests.Connections;

/// <summary>A transport without frames of its own, pings or a closing handshake: messages go in, and bytes come out.</summary>
internal sealed class MessageTransport : ClientTransport, IOutboundListener
{
    private readonly Channel<string> _sent = Channel.CreateUnbounded<string>();
    private readonly ManualStream _received = new();
    private ITransportListener? _listener;

    public MessageTransport() => Outbound = new OutboundQueue(new StreamTransport(_received), 64 * 1024, this);

    public override ChatTransports Kind => ChatTransports.None;

    public override WireFormat Format => WireFormat.Plain;

    public override OutboundQueue Outbound { get; }

    public override long BytesReceived => 0;

    /// <summary>How the server has closed the connection; null if it has not.</summary>
    public CloseInfo? Close { get; private set; }

    public int Pings { get; private set; }

    public bool IsReleased { get; private set; }

    public override void SetListener(ITransportListener listener) => _listener = listener;

    /// <summary>The client sends a message.</summary>
    public void Send(string text) => _sent.Writer.TryWrite(text);

    /// <summary>The client ends the connection.</summary>
    public void End(Exception? lost = null) => _sent.Writer.TryComplete(lost);

    /// <summary>The next text that the client receives.</summary>
    public async Task<string> NextAsync()
    {
        var write = await _received.NextAsync();
        write.Complete();
        return Assert.Single(write.Frames).Text;
    }

    public override async Task ReceiveAsync()
    {
        try
        {
            await foreach (var text in _sent.Reader.ReadAllAsync())
            {
                _listener!.OnData();
                await _listener.OnMessageAsync(new WebSocketMessage(text));
                await _listener.WaitToReceiveAsync();
            }

            await _listener!.OnClosedAsync(WebSocketCloseStatus.NormalClosure, null);
        }
        catch (Exception e)
        {
            _listener!.OnLost(e);
        }

        await _listener!.OnEndAsync();
    }

    public override void Ping() => Pings++;

    public override void SendClose(CloseInfo close, ReadOnlyMemory<byte> before = default)
    {
        Close = close;
        _sent.Writer.TryComplete();
    }

    public override void Dispose() => IsReleased = true;

    public void OnFailed(Exception exception) => _listener!.OnLost(exception);
}
