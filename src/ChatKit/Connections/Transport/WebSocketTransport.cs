using System.Buffers;
using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Transport;

/// <summary>Carries messages in the frames of RFC 6455: answers pings, and takes part in the closing handshake.</summary>
internal sealed class WebSocketTransport : ClientTransport, IOutboundListener
{
    /// <summary>A client that sends nothing for this long after its fault has stopped sending. Packets do not take longer.</summary>
    private static readonly TimeSpan SilenceAfterFault = TimeSpan.FromSeconds(1);

    private readonly FrameTransport _frames;
    private readonly MessageReader _reader;
    private readonly TimeProvider _clock;
    private ITransportListener? _listener;
    private long _bytesReceived;

    public WebSocketTransport(FrameTransport frames, WebSocketConnectionInfo info, WebSocketConnectionOptions options, TimeProvider clock)
    {
        (_frames, _clock) = (frames, clock);
        _reader = new MessageReader(options.MaxMessageSize, info.Deflate);
        Outbound = new OutboundQueue(frames, options.OutboundQueueLimit, this);
        if (info.Deflate)
            Format = info.DeflateWindowBits < WebSocketConnectionInfo.LargestWindowBits ? WireFormat.SmallWindow : WireFormat.Compressed;
        if (info.Subprotocol == ChatKitSubprotocol.V1)
            Format |= WireFormat.V1;
    }

    public override ChatTransports Kind => ChatTransports.WebSockets;

    public override WireFormat Format { get; }

    public override OutboundQueue Outbound { get; }

    public override long BytesReceived => Volatile.Read(ref _bytesReceived);

    public override void SetListener(ITransportListener listener) => _listener = listener;

    public void OnFailed(Exception exception) => _listener!.OnLost(exception);

    public override async Task ReceiveAsync()
    {
        try
        {
            var found = InboundFrame.Nothing;
            while (!IsLast(found))
            {
                var result = await _frames.Input.ReadAsync().ConfigureAwait(false);
                _listener!.OnData();
                found = await TakeAsync(_listener, result.Buffer).ConfigureAwait(false);
                if (IsLast(found))
                    break;
                if (result.IsCompleted)
                    throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
                await _listener.WaitToReceiveAsync().ConfigureAwait(false);
            }

            await EndAsync(_listener!, found).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _listener!.OnLost(e);
        }

        await _listener!.OnEndAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Sends a ping. A client that speaks <see cref="ChatKitSubprotocol.V1"/> gets a message instead, because a page in a browser cannot
    /// see the pings of RFC 6455.
    /// </summary>
    public override void Ping() => Outbound.EnqueuePing((Format & WireFormat.V1) != 0 ? V1Frames.Ping : WebSocketFrame.Ping);

    public override void SendClose(CloseInfo close, ReadOnlyMemory<byte> before = default) =>
        Outbound.EnqueueLast(WebSocketFrame.Close(close.Code, close.Reason), before);

    public override void Dispose()
    {
        _reader.Dispose();
        _frames.Release();
    }

    /// <summary>Whether everything that follows is ignored.</summary>
    private static bool IsLast(InboundFrame found) => found is InboundFrame.Close or InboundFrame.Fault;

    /// <summary>Processes all complete frames that have arrived. Returns the last result.</summary>
    private async ValueTask<InboundFrame> TakeAsync(ITransportListener listener, ReadOnlySequence<byte> buffer)
    {
        var last = InboundFrame.Nothing;
        var before = buffer.Length;
        try
        {
            while (!IsLast(last) && _reader.Read(ref buffer) is var found and not InboundFrame.Nothing)
            {
                last = found;
                if (found == InboundFrame.Message)
                    await listener.OnMessageAsync(_reader.Message).ConfigureAwait(false);
                else if (found == InboundFrame.Ping)
                    Outbound.EnqueuePong(WebSocketFrame.Control(WebSocketFrame.PongOpcode, _reader.Payload));
                else if (found == InboundFrame.Pong)
                    _frames.OnPong(_reader.Payload);
            }

            if (!IsLast(last))
                listener.OnFrames(_reader.TakeFrames());
            if (last == InboundFrame.Fault)
                _reader.Closing!.Read(ref buffer);
        }
        finally
        {
            Volatile.Write(ref _bytesReceived, _bytesReceived + before - buffer.Length);
            _frames.Input.AdvanceTo(buffer.Start, buffer.End);
        }

        return last;
    }

    /// <summary>When both close frames have passed, the connection waits for nothing else (RFC 6455 section 7.1.1).</summary>
    private async Task EndAsync(ITransportListener listener, InboundFrame last)
    {
        _frames.OnClosing();
        if (last == InboundFrame.Close)
        {
            await listener.OnClosedAsync(_reader.CloseStatus, _reader.CloseReason).ConfigureAwait(false);
            return;
        }

        var fault = _reader.Fault!;
        await listener.OnFaultAsync(fault.Code, fault.Problem, _reader.Closing!.IsFound).ConfigureAwait(false);
        if (!_reader.Closing.IsFound)
            await DiscardAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Reads until the client's close frame, and discards what comes before it. Ending the connection with unread data would reset it, and
    /// the reset would overtake the close frame that names the fault. A client that sends no close frame may wait for this side to end the
    /// connection, so silence ends it too. The close timer ends it in any case.
    /// </summary>
    private async Task DiscardAsync()
    {
        try
        {
            using var silence = new CancellationTokenSource(SilenceAfterFault, _clock);
            while (true)
            {
                var result = await _frames.Input.ReadAsync(silence.Token).ConfigureAwait(false);
                var buffer = result.Buffer;
                var hasClosed = _reader.Closing!.Read(ref buffer);
                _frames.Input.AdvanceTo(buffer.Start, buffer.End);
                if (hasClosed || result.IsCompleted)
                    return;
                silence.CancelAfter(SilenceAfterFault);
            }
        }
        catch (Exception)
        {
            // However it ends, it has ended.
        }
    }
}
