using System.Buffers;
using ChatKit.Rooms;
using ChatKit.WebSockets;

namespace ChatKit.Connections.Transport;

/// <summary>
/// What waits to be written to one client, and the only writer of its transport. Whatever is pending goes out in one write; nothing
/// runs while nothing is pending. Holds whole frames only, so that those of rooms, of the handler and of the protocol never
/// interleave.
/// </summary>
internal sealed class OutboundQueue(FrameTransport transport, int limit, Action<Exception> onFailed) : IOutbound
{
    /// <summary>Small frames are joined into writes of up to this size.</summary>
    private const int JoinLimit = 32 * 1024;

    /// <summary>What a frame that waits costs besides its bytes, roughly: else a limit in bytes would not bound how many tiny ones do.</summary>
    private const int FrameOverhead = 64;

    /// <summary>A list for more frames than this is not kept once they have gone.</summary>
    private const int KeptFrames = 256;

    /// <summary>How many bytes of pongs may wait: those of 16 pings, however long.</summary>
    private const int PongLimit = 16 * (2 + WebSocketFrame.MaxControlPayload);

    /// <summary>Guards everything here: a lock of its own would be one more object for each connection.</summary>
    private readonly Queue<ReadOnlyMemory<byte>> _frames = new();
    private ReadOnlyMemory<byte> _ping;
    private ReadOnlyMemory<byte> _pong;
    private long _bytes;

    /// <summary>How many bytes the network has been given and not taken yet; 0 while nothing waits for it.</summary>
    private int _waiting;

    /// <summary>How often that was so.</summary>
    private int _waits;

    private long _written;
    private bool _writing;
    private bool _closeQueued;
    private bool _ended;
    private TaskCompletionSource? _space;
    private TaskCompletionSource? _idle;

    /// <summary>How many bytes are waiting, or being written.</summary>
    public long BytesWaiting => Volatile.Read(ref _bytes);

    /// <summary>How many bytes were written so far.</summary>
    public long BytesWritten => Volatile.Read(ref _written);

    /// <summary>Takes whole data frames, all or none. A queue with nothing in it takes frames of any size.</summary>
    public EnqueueResult TryEnqueue(ReadOnlyMemory<byte> frames) => Enqueue(frames, inAnyCase: false);

    /// <summary>
    /// Takes a small frame although the queue may be full: what the client must know before the connection is closed, or a few times in
    /// all. It goes out behind what waits.
    /// </summary>
    public void EnqueueIgnoringLimit(ReadOnlyMemory<byte> frame) => Enqueue(frame, inAnyCase: true);

    /// <summary>
    /// What the network has been given and not taken yet: the number of the write, and its bytes, 0 if there is none; and whether a
    /// ping waits behind it.
    /// </summary>
    public (int Number, int Bytes, bool HoldsPing) Waiting
    {
        get
        {
            lock (_frames)
                return (_waits, _waiting, !_ping.IsEmpty);
        }
    }

    /// <summary>
    /// Waits until at most half of the limit is in the queue, and frames of a size would be taken. False if it takes nothing any more.
    /// </summary>
    public async ValueTask<bool> WaitForSpaceAsync(int bytes = 0)
    {
        while (true)
        {
            Task space;
            lock (_frames)
            {
                if (_closeQueued || _ended)
                    return false;
                if (Held <= limit / 2 && Fits(bytes))
                    return true;
                space = (_space ??= NewSignal()).Task;
            }

            await space.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Takes a control frame, or the text that is a ping of <see cref="ChatKitSubprotocol.V1"/>. A close frame is the last that goes out;
    /// pings and pongs overtake what waits. Of more pongs than a few only the latest are sent (RFC 6455 section 5.5.3), so that a flood of
    /// pings fills nothing.
    /// </summary>
    /// <param name="frame">The frame; must not change afterwards.</param>
    /// <param name="before">A whole frame that goes out just before a close frame, however much waits.</param>
    /// <returns>False if a close frame was taken before.</returns>
    public bool EnqueueControl(ReadOnlyMemory<byte> frame, ReadOnlyMemory<byte> before = default)
    {
        lock (_frames)
        {
            if (_closeQueued || _ended)
                return false;

            switch (WebSocketFrame.Opcode(frame.Span))
            {
                case WebSocketFrame.CloseOpcode:
                    if (!before.IsEmpty)
                        _frames.Enqueue(before);
                    _frames.Enqueue(frame);
                    _bytes += before.Length + frame.Length;
                    _closeQueued = true;
                    transport.OnClosing();
                    Signal(ref _space);
                    break;
                case WebSocketFrame.PingOpcode or WebSocketFrame.TextOpcode:
                    _ping = frame;
                    break;
                default:
                    _pong = _pong.IsEmpty || _pong.Length + frame.Length > PongLimit ? frame : (byte[])[.. _pong.Span, .. frame.Span];
                    break;
            }

            if (_writing)
                return true;
            _writing = true;
        }

        byte[]? buffer = null;
        if (TryTakeNext(0, ref buffer, out var chunk))
            Write(chunk, buffer);
        return true;
    }

    /// <summary>Takes nothing any more, and drops what is not being written.</summary>
    public void End()
    {
        lock (_frames)
        {
            _ended = true;
            _frames.Clear();
            _bytes = 0;
            Signal(ref _space);
            if (!_writing)
                Signal(ref _idle);
        }
    }

    /// <summary>Waits until nothing is left to write.</summary>
    public Task WaitUntilIdleAsync()
    {
        lock (_frames)
            return _writing ? (_idle ??= NewSignal()).Task : Task.CompletedTask;
    }

    private EnqueueResult Enqueue(ReadOnlyMemory<byte> frames, bool inAnyCase)
    {
        lock (_frames)
        {
            if (_closeQueued || _ended)
                return EnqueueResult.Closed;
            if (!inAnyCase && !Fits(frames.Length))
                return EnqueueResult.Full;

            _bytes += frames.Length;
            if (_writing)
            {
                _frames.Enqueue(frames);
                return EnqueueResult.Accepted;
            }

            // Nothing waits: straight to the transport. In a large room each object on the way is one more that is not in a cache.
            _writing = true;
        }

        Write(frames, null);
        return EnqueueResult.Accepted;
    }

    /// <summary>How much memory is held. To be called under the lock.</summary>
    private long Held => _bytes + ((long)_frames.Count * FrameOverhead);

    /// <summary>To be called under the lock.</summary>
    private bool Fits(int bytes) => _bytes == 0 || Held + bytes <= limit;

    /// <summary>
    /// Writes until nothing is pending. Stays on this thread, and allocates nothing, as long as no write has to wait. To be called by
    /// the one who has set <see cref="_writing"/>.
    /// </summary>
    private void Write(ReadOnlyMemory<byte> chunk, byte[]? buffer)
    {
        try
        {
            do
            {
                var writing = transport.WriteAsync(chunk);
                if (!writing.IsCompletedSuccessfully)
                {
                    _ = WriteRestAsync(writing, chunk.Length, buffer);
                    return;
                }

                writing.GetAwaiter().GetResult();
            }
            while (TryTakeNext(chunk.Length, ref buffer, out chunk));
        }
        catch (Exception e)
        {
            Fail(e);
        }

        Return(buffer);
    }

    private async Task WriteRestAsync(ValueTask writing, int length, byte[]? buffer)
    {
        try
        {
            _waits++;
            _waiting = length;
            await writing.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Fail(e);
            Return(buffer);
            return;
        }
        finally
        {
            _waiting = 0;
        }

        if (TryTakeNext(length, ref buffer, out var chunk))
            Write(chunk, buffer);
        else
            Return(buffer);
    }

    private void Fail(Exception exception)
    {
        // Told before the queue counts as idle: after that the connection may be over, and its transport somebody else's.
        End();
        onFailed(exception);
        lock (_frames)
        {
            _writing = false;
            Signal(ref _idle);
        }
    }

    private static void Return(byte[]? buffer)
    {
        if (buffer is not null)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Takes what is to be written next; false, and nobody writes any more, if nothing is left.</summary>
    /// <param name="written">How many bytes have been written of what was taken before.</param>
    /// <param name="buffer">Where frames are joined; taken from the pool when there are some.</param>
    /// <param name="chunk">What is to be written.</param>
    private bool TryTakeNext(int written, ref byte[]? buffer, out ReadOnlyMemory<byte> chunk)
    {
        lock (_frames)
        {
            chunk = default;
            _written += written;
            if (!_ended)
            {
                _bytes -= written;
                if (Held <= limit / 2)
                    Signal(ref _space);
            }

            var control = _ping.Length + _pong.Length;
            if (_ended || _bytes + control == 0)
            {
                if (_frames.Capacity > KeptFrames)
                    _frames.TrimExcess();
                _writing = false;
                Signal(ref _idle);
                return false;
            }

            if (control == 0 && (_frames.Count == 1 || _frames.Peek().Length >= JoinLimit))
            {
                chunk = _frames.Dequeue();
                return true;
            }

            buffer ??= ArrayPool<byte>.Shared.Rent(JoinLimit);
            var length = Take(ref _pong, buffer, 0);
            length = Take(ref _ping, buffer, length);
            _bytes += control;
            while (_frames.TryPeek(out var frame) && frame.Length <= buffer.Length - length)
            {
                frame.CopyTo(buffer.AsMemory(length));
                length += frame.Length;
                _frames.Dequeue();
            }

            chunk = buffer.AsMemory(0, length);
            return true;
        }
    }

    private static int Take(ref ReadOnlyMemory<byte> frame, byte[] buffer, int start)
    {
        frame.CopyTo(buffer.AsMemory(start));
        var end = start + frame.Length;
        frame = default;
        return end;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Signal(ref TaskCompletionSource? signal)
    {
        signal?.TrySetResult();
        signal = null;
    }
}
