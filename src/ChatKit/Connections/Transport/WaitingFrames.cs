namespace ChatKit.Connections.Transport;

/// <summary>The data frames that wait to be written, in order. Most connections are idle nearly all the time, and use no memory for it.</summary>
internal struct WaitingFrames
{
    /// <summary>A list for more frames than this is released once they are written.</summary>
    private const int Kept = 256;

    private Queue<ReadOnlyMemory<byte>>? _queue;

    public readonly int Count => _queue?.Count ?? 0;

    public void Enqueue(ReadOnlyMemory<byte> frame) => (_queue ??= new()).Enqueue(frame);

    public void Clear() => _queue = null;

    /// <summary>Releases a list that has become large. Call it when no frame waits.</summary>
    public void Trim()
    {
        if (_queue?.Capacity > Kept)
            _queue = null;
    }

    /// <summary>Takes the first frame if it is to be written alone: if it is the only one, or at least as large as the limit.</summary>
    public readonly bool TryTakeAlone(int limit, out ReadOnlyMemory<byte> frame)
    {
        frame = default;
        return _queue is not null && (_queue.Count == 1 || _queue.Peek().Length >= limit) && _queue.TryDequeue(out frame);
    }

    /// <summary>Moves as many frames to a buffer as fit. Returns their size, in bytes.</summary>
    public readonly int MoveTo(Span<byte> buffer)
    {
        var length = 0;
        while (_queue is not null && _queue.TryPeek(out var frame) && frame.Length <= buffer.Length - length)
        {
            frame.Span.CopyTo(buffer[length..]);
            length += frame.Length;
            _queue.Dequeue();
        }

        return length;
    }
}
