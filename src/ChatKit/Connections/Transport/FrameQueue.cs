using System.Diagnostics;
using ChatKit.Rooms;

namespace ChatKit.Connections.Transport;

/// <summary>
/// A list of waiting frames. An empty frame stands for a signal, whose frame can be replaced while it waits. Derived from the list, because a
/// second object would be one more for each connection.
/// </summary>
internal sealed class FrameQueue : Queue<ReadOnlyMemory<byte>>
{
    /// <summary>The signals that wait; null if there were none.</summary>
    private WaitingSignals? _signals;

    /// <summary>Whether a signal has ever waited.</summary>
    public bool HasSignals => _signals is not null;

    /// <inheritdoc cref="WaitingFrames.TryEnqueueSignal"/>
    public bool TryEnqueueSignal(SignalKey key, ReadOnlyMemory<byte> frame, long space, ref long bytes)
    {
        var replaced = default(ReadOnlyMemory<byte>);
        if (_signals?.Frames.TryGetValue(key, out replaced) != true && frame.Length > space)
            return false;
        _signals ??= new WaitingSignals();
        if (replaced.IsEmpty)
        {
            Enqueue(default);
            _signals.Order.Enqueue(key);
        }

        _signals.Frames[key] = frame;
        bytes += frame.Length - replaced.Length;
        return true;
    }

    /// <summary>Takes the first frame if it is not longer than a limit.</summary>
    public bool TryTake(int limit, out ReadOnlyMemory<byte> frame)
    {
        if (!TryPeek(out frame))
            return false;
        if (frame.IsEmpty)
            return TryTakeSignal(limit, out frame);
        if (frame.Length > limit)
            return false;
        Dequeue();
        return true;
    }

    private bool TryTakeSignal(int limit, out ReadOnlyMemory<byte> frame)
    {
        Debug.Assert(_signals is not null, "Only signals are enqueued as empty frames.");
        frame = _signals.Frames[_signals.Order.Peek()];
        if (frame.Length > limit)
            return false;
        _signals.Frames.Remove(_signals.Order.Dequeue());
        Dequeue();
        return true;
    }

    private sealed class WaitingSignals
    {
        public Queue<SignalKey> Order { get; } = new();

        public Dictionary<SignalKey, ReadOnlyMemory<byte>> Frames { get; } = [];
    }
}
