using System.IO.Pipelines;
using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Transport;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Messages;

/// <summary>
/// Carries messages to the client in a response of server-sent events. What the client sends arrives in other requests, as posts.
/// </summary>
internal sealed class EventStreamTransport : ClientTransport, IOutboundListener, IEventWriterListener
{
    private readonly CancellationTokenRegistration _gone;
    private readonly PostOffice.Box _box;
    private ITransportListener? _listener;
    private volatile bool _isClosing;
    private volatile bool _isClosed;
    private long _bytesReceived;

    /// <param name="output">The body of the response, or the pipe under it.</param>
    /// <param name="socket">The socket under the pipe; null for a body.</param>
    /// <param name="options">The options of the connection.</param>
    /// <param name="box">What the client sends.</param>
    /// <param name="gone">Canceled when the client has ended the request.</param>
    public EventStreamTransport(
        PipeWriter output,
        EventStreamSocket? socket,
        WebSocketConnectionOptions options,
        PostOffice.Box box,
        CancellationToken gone)
    {
        _box = box;
        Outbound = new OutboundQueue(new EventWriter(output, socket, this), options.OutboundQueueLimit, this);
        _gone = gone.UnsafeRegister(static self => ((EventStreamTransport)self!).OnGone(), this);
    }

    public override ChatTransports Kind => ChatTransports.ServerSentEvents;

    public override string Token => _box.Token;

    public override WireFormat Format => WireFormat.V1;

    public override OutboundQueue Outbound { get; }

    public override long BytesReceived => Volatile.Read(ref _bytesReceived);

    public override void SetListener(ITransportListener listener) => Volatile.Write(ref _listener, listener);

    public override async Task ReceiveAsync()
    {
        var listener = _listener!;
        try
        {
            while (await _box.Posts.WaitToReadAsync().ConfigureAwait(false))
            {
                while (_box.Posts.TryRead(out var post))
                    await TakeAsync(listener, post).ConfigureAwait(false);
            }

            // A client cannot answer the close. It has it once the network has accepted it.
            if (_isClosed)
                await listener.OnClosedAsync(WebSocketCloseStatus.NormalClosure, null).ConfigureAwait(false);
            else
                listener.OnLost(new IOException("The client has ended the event stream."));
        }
        catch (Exception e)
        {
            listener.OnLost(e);
        }

        await listener.OnEndAsync().ConfigureAwait(false);
    }

    public override void Ping() => Outbound.EnqueuePing(V1Frames.Ping);

    public override void SendClose(CloseInfo close, ReadOnlyMemory<byte> before = default) =>
        Outbound.EnqueueLast(WebSocketFrame.Close(close.Code, close.Reason), before);

    /// <summary>A heartbeat that the network accepts is the only sign of life of a client that sends nothing.</summary>
    public void OnPingWritten() => _listener!.OnData();

    public void OnClosing() => _isClosing = true;

    public void OnCloseWritten()
    {
        _isClosed = true;
        _box.Posts.Complete();
    }

    public void OnFailed(Exception exception)
    {
        Volatile.Read(ref _listener)?.OnLost(exception);
        _box.Posts.Complete();
    }

    public override void Dispose()
    {
        _box.Posts.Complete();
        _gone.Dispose();
    }

    /// <summary>The client has ended the request. While the close is being written, the outcome of the write says whether the client has it.</summary>
    private void OnGone()
    {
        if (!_isClosing)
            OnFailed(new IOException("The client has ended the event stream."));
    }

    private async ValueTask TakeAsync(ITransportListener listener, IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        listener.OnData();
        foreach (var frame in frames)
        {
            Volatile.Write(ref _bytesReceived, _bytesReceived + frame.Length);
            await listener.OnMessageAsync(new WebSocketMessage(frame, WebSocketMessageType.Text)).ConfigureAwait(false);
            await listener.WaitToReceiveAsync().ConfigureAwait(false);
        }
    }
}
