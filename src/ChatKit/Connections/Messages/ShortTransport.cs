using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Transport;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Messages;

/// <summary>Carries messages of a connection that lasts for one request. What the client is sent is collected for the response.</summary>
internal abstract class ShortTransport : ClientTransport, IOutboundListener
{
    private readonly CancellationToken _gone;
    private CancellationTokenRegistration _registration;
    private ITransportListener? _listener;
    private volatile bool _isLost;

    /// <param name="options">The options of the connection.</param>
    /// <param name="gone">Canceled when the client has ended the request.</param>
    protected ShortTransport(WebSocketConnectionOptions options, CancellationToken gone)
    {
        _gone = gone;
        Outbound = new OutboundQueue(new Collector(this), options.OutboundQueueLimit, this);
    }

    public sealed override ChatTransports Kind => ChatTransports.Polling;

    public sealed override bool IsShort => true;

    public sealed override WireFormat Format => WireFormat.V1;

    public sealed override OutboundQueue Outbound { get; }

    public sealed override long BytesReceived => 0;

    /// <summary>How the server has closed the connection; null if it has not.</summary>
    public CloseInfo? Close { get; private set; }

    /// <summary>The connection.</summary>
    protected ITransportListener Listener => _listener!;

    public sealed override void SetListener(ITransportListener listener) => _listener = listener;

    public sealed override async Task ReceiveAsync()
    {
        // Not earlier: if the client has gone already, this calls back at once.
        _registration = _gone.UnsafeRegister(
            static self => ((ShortTransport)self!).OnFailed(new IOException("The client has ended the request.")), this);
        try
        {
            await RunAsync().ConfigureAwait(false);
            if (!_isLost)
                await Listener.OnClosedAsync(WebSocketCloseStatus.NormalClosure, null).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Listener.OnLost(e);
        }

        await Listener.OnEndAsync().ConfigureAwait(false);
    }

    /// <summary>A request that is still open is a sign of life.</summary>
    public sealed override void Ping() => Listener.OnData();

    public sealed override void SendClose(CloseInfo close, ReadOnlyMemory<byte> before = default)
    {
        // The first close counts. What follows is the answer to the end of the request.
        if (Outbound.EnqueueLast(WebSocketFrame.Close(close.Code, close.Reason), before) && !close.WasClean)
            Close = close;
        End();
    }

    public void OnFailed(Exception exception)
    {
        _isLost = true;
        Listener.OnLost(exception);
        End();
    }

    public sealed override void Dispose()
    {
        End();
        _registration.Dispose();
    }

    /// <summary>Receives what the client sends, and completes when the client has what it waits for.</summary>
    protected abstract Task RunAsync();

    /// <summary>Takes a frame for the client.</summary>
    protected abstract void Collect(ReadOnlySpan<byte> json);

    /// <summary>Everything that was to be sent at once was collected.</summary>
    protected virtual void OnCollected()
    {
    }

    /// <summary>Nothing more is collected. Can be called more than once.</summary>
    protected abstract void End();

    private sealed class Collector(ShortTransport owner) : FrameWriter
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
        {
            var rest = frames.Span;
            while (ServerFrames.TryTake(ref rest, out var opcode, out var payload))
            {
                if (opcode == WebSocketFrame.TextOpcode)
                    owner.Collect(payload);
            }

            owner.OnCollected();
            return ValueTask.CompletedTask;
        }
    }
}
