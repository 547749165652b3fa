using ChatKit.Rooms;

namespace ChatKit.Connections.Transport;

/// <summary>The data frames that wait to be written, in order. Most connections are idle nearly all the time, and use no memory for it.</summary>
internal struct WaitingFrames
{
    /// <summary>A list for more frames than this is released once they are written.</summary>
    private const int Kept = 256;

    private FrameQueue? _queue;

    public readonly int Count => _queue?.Count ?? 0;

    public void Enqueue(ReadOnlyMemory<byte> frame) => (_queue ??= new()).Enqueue(frame);

    /// <summary>Enqueues the frame of a signal, if there is space. It takes the place of a frame with the same key that waits.</summary>
    /// <param name="key">The key.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="space">The space for a frame that takes no other's place, in bytes.</param>
    /// <param name="bytes">The size of the waiting frames, in bytes.</param>
    public bool TryEnqueueSignal(SignalKey key, ReadOnlyMemory<byte> frame, long space, ref long bytes) =>
        (_queue ??= new()).TryEnqueueSignal(key, frame, space, ref bytes);

    public void Clear() => _queue = null;

    /// <summary>Releases a list that has become large, or has had signals. Call it when no frame waits.</summary>
    public void Trim()
    {
        if (_queue is { Capacity: > Kept } or { HasSignals: true })
            _queue = null;
    }

    /// <summary>Takes the first frame if it is to be written alone: if it is the only one, or at least as large as the limit.</summary>
    public readonly bool TryTakeAlone(int limit, out ReadOnlyMemory<byte> frame)
    {
        frame = default;
        return _queue is not null && (_queue.Count == 1 || _queue.Peek().Length >= limit) && _queue.TryTake(int.MaxValue, out frame);
    }

    /// <summary>Moves as many frames to a buffer as fit. Returns their size, in bytes.</summary>
    public readonly int MoveTo(Span<byte> buffer)
    {
        var length = 0;
        while (_queue is not null && _queue.TryTake(buffer.Length - length, out var frame))
        {
            frame.Span.CopyTo(buffer[length..]);
            length += frame.Length;
        }

        return length;
    }
}
