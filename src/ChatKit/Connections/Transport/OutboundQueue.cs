using System.Diagnostics;
using ChatKit.Rooms;

namespace ChatKit.Connections.Transport;

/// <summary>
/// The frames that wait to be written to one client, and the only writer of its transport. Holds whole frames only, so that frames of rooms,
/// of the handler and of the protocol never interleave. Uses no thread while nothing is pending. The transport is also the lock: a separate
/// one would be one more object for each connection.
/// </summary>
internal sealed partial class OutboundQueue(FrameWriter transport, int limit, IOutboundListener listener) : IOutbound, IBatchedWriter
{
    /// <summary>Small frames are joined into writes of up to this size.</summary>
    private const int JoinLimit = 32 * 1024;

    /// <summary>The approximate memory cost of a waiting frame besides its bytes, so that the limit applies to tiny frames too.</summary>
    private const int FrameOverhead = 64;

    private WaitingFrames _frames;
    private ControlFrames _control;
    private long _bytes;

    /// <summary>The number of bytes in a write that the network has not accepted yet; 0 if no write is waiting.</summary>
    private int _waiting;

    /// <summary>The number of writes that had to wait.</summary>
    private int _waits;

    private long _written;
    private bool _writing;

    /// <summary>Whether frames are to wait.</summary>
    private bool _wantsHold;

    /// <summary>Whether they do, because no write is in progress. Then nobody else may begin one.</summary>
    private bool _isHeld;

    private bool _lastQueued;
    private bool _ended;
    private Signal _space;
    private Signal _idle;

    /// <summary>The number of bytes that wait, or are being written.</summary>
    public long BytesWaiting => Volatile.Read(ref _bytes);

    /// <summary>The number of bytes written so far.</summary>
    public long BytesWritten => Volatile.Read(ref _written);

    /// <summary>Enqueues whole data frames, all or none. An empty queue accepts frames of any size.</summary>
    public EnqueueResult TryEnqueue(ReadOnlyMemory<byte> frames) => Enqueue(frames, inAnyCase: false);

    /// <inheritdoc/>
    public bool TryEnqueueSignal(SignalKey key, ReadOnlyMemory<byte> frame)
    {
        lock (transport)
        {
            if (_writing)
                return !_lastQueued && !_ended && _frames.TryEnqueueSignal(key, frame, (limit / 2) - Held, ref _bytes);
        }

        return TryEnqueue(frame) == EnqueueResult.Accepted; // Nothing waits, so it is sent at once.
    }

    /// <summary>Enqueues a small frame even if the queue is full. It is sent after the frames that wait.</summary>
    public void EnqueueIgnoringLimit(ReadOnlyMemory<byte> frame) => Enqueue(frame, inAnyCase: true);

    /// <summary>The write that the network has not accepted yet: its number, its bytes, 0 if none, and whether a ping waits behind it.</summary>
    public (int Number, int Bytes, bool HoldsPing) Waiting
    {
        get
        {
            lock (transport)
                return (_waits, _waiting, _control.HasPing);
        }
    }

    /// <inheritdoc/>
    public void Hold()
    {
        lock (transport)
        {
            _wantsHold = true;
            if (!_writing)
                _writing = _isHeld = true;
        }
    }

    /// <inheritdoc/>
    public void Release()
    {
        lock (transport)
        {
            _wantsHold = false;
            if (!_isHeld)
                return;
            _isHeld = false;
        }

        WriteWaiting();
        lock (transport)
        {
            // A member is rarely sent stored messages again, so an idle one doesn't keep the list.
            if (!_writing)
                _frames.Clear();
        }
    }

    /// <summary>Waits until the queue is at most half full, and has space for frames of this size. Returns false if it has ended.</summary>
    public async ValueTask<bool> WaitForSpaceAsync(int bytes = 0, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task space;
            lock (transport)
            {
                if (_lastQueued || _ended)
                    return false;
                if (Held <= limit / 2 && Fits(bytes))
                    return true;
                space = _space.Next;
            }

            await space.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Enqueues a ping. It overtakes the frames that wait, and replaces a ping that waits.</summary>
    public bool EnqueuePing(ReadOnlyMemory<byte> frame) => EnqueueControl(frame, Control.Ping);

    /// <summary>Enqueues the answer to a ping of the client. It overtakes the frames that wait. It must not change afterwards.</summary>
    public bool EnqueuePong(ReadOnlyMemory<byte> frame) => EnqueueControl(frame, Control.Pong);

    /// <summary>Enqueues the last frame, after a whole frame if one is given, however much is waiting. Neither may change afterwards.</summary>
    public bool EnqueueLast(ReadOnlyMemory<byte> frame, ReadOnlyMemory<byte> before = default) => EnqueueControl(frame, Control.Last, before);

    /// <summary>Ends the queue: accepts no more frames, and drops those that are not being written.</summary>
    public void End()
    {
        lock (transport)
        {
            _ended = true;
            _frames.Clear();
            _bytes = 0;
            _space.Set();
            if (!_writing)
                _idle.Set();
        }
    }

    /// <summary>Waits until nothing is left to write.</summary>
    public Task WaitUntilIdleAsync()
    {
        lock (transport)
            return _writing ? _idle.Next : Task.CompletedTask;
    }

    /// <returns>False if the last frame was enqueued before.</returns>
    private bool EnqueueControl(ReadOnlyMemory<byte> frame, Control kind, ReadOnlyMemory<byte> before = default)
    {
        lock (transport)
        {
            if (_lastQueued || _ended)
                return false;
            switch (kind)
            {
                case Control.Ping:
                    _control.SetPing(frame);
                    break;
                case Control.Pong:
                    _control.AddPong(frame);
                    break;
                case Control.Last:
                    if (!before.IsEmpty)
                        _frames.Enqueue(before);
                    _frames.Enqueue(frame);
                    _bytes += before.Length + frame.Length;
                    _lastQueued = true;
                    transport.OnClosing();
                    _space.Set();
                    break;
            }

            if (_writing)
                return true;
            _writing = true;
        }

        WriteWaiting();
        return true;
    }

    private EnqueueResult Enqueue(ReadOnlyMemory<byte> frames, bool inAnyCase)
    {
        Debug.Assert(!frames.IsEmpty, "An empty frame stands for a signal.");
        bool fits;
        bool wereHeld;
        lock (transport)
        {
            if (_lastQueued || _ended)
                return EnqueueResult.Closed;
            fits = inAnyCase || Fits(frames.Length);
            if (!fits && !_isHeld)
                return EnqueueResult.Full;
            if (fits)
            {
                _bytes += frames.Length;
                if (_writing)
                {
                    _frames.Enqueue(frames);
                    if (!_isHeld || _bytes < JoinLimit)
                        return EnqueueResult.Accepted;
                }
            }

            (_writing, wereHeld, _isHeld) = (true, _isHeld, false);
        }

        if (wereHeld)
        {
            WriteWaiting();
            return fits ? EnqueueResult.Accepted : Enqueue(frames, inAnyCase);
        }

        // Nothing waits, so the frames go straight to the transport. In a large room, each additional object is one more cache miss.
        Write(frames, null);
        return EnqueueResult.Accepted;
    }

    /// <summary>The memory in use, in bytes.</summary>
    private long Held
    {
        get
        {
            Debug.Assert(Monitor.IsEntered(transport), "The caller must hold the lock.");
            return _bytes + ((long)_frames.Count * FrameOverhead);
        }
    }

    private bool Fits(int bytes) => _bytes == 0 || Held + bytes <= limit;
}
