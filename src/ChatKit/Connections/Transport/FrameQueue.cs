using System.Diagnostics;
using ChatKit.Rooms;

namespace ChatKit.Connections.Transport;

/// <summary>
/// A list of waiting frames. An empty frame stands for a signal, whose frame can be replaced while it waits. Derived from the list, because a
/// second object would be one more for each connection.
/// </summary>
internal sealed class FrameQueue : Queue<ReadOnlyMemory<byte>>
{
    /// <summary>The signals that wait, in order, and their frames; null if there were none.</summary>
    private (Queue<SignalKey> Order, Dictionary<SignalKey, ReadOnlyMemory<byte>> Frames)? _signals;

    /// <summary>Whether a signal has ever waited.</summary>
    public bool HasSignals => _signals is not null;

    /// <inheritdoc cref="WaitingFrames.TryEnqueueSignal"/>
    public bool TryEnqueueSignal(SignalKey key, ReadOnlyMemory<byte> frame, long space, ref long bytes)
    {
        var replaced = default(ReadOnlyMemory<byte>);
        if (_signals?.Frames.TryGetValue(key, out replaced) != true && frame.Length > space)
            return false;
        var (order, frames) = _signals ??= (new(), []);
        if (replaced.IsEmpty)
        {
            Enqueue(default);
            order.Enqueue(key);
        }

        frames[key] = frame;
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
        var (order, frames) = _signals.Value;
        if (!frames.TryGetValue(order.Peek(), out frame) || frame.Length > limit)
            return false;
        frames.Remove(order.Dequeue());
        Dequeue();
        return true;
    }
}
