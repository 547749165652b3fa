using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace ChatKit.Client.Subscriptions;

/// <summary>The events that wait for one reader. If it is too slow, further events are dropped, and an event in their place says so.</summary>
internal sealed class EventQueue(int capacity, Action onDropped)
{
    private readonly Channel<ChatEvent> _events = Channel.CreateBounded<ChatEvent>(
        new BoundedChannelOptions(capacity) { AllowSynchronousContinuations = false });

    private long _dropped;

    /// <summary>Adds an event. Never waits. Call it under the session's lock.</summary>
    public void Add(ChatEvent happened)
    {
        if (Volatile.Read(ref _dropped) > 0 && !TryReport())
        {
            Drop();
            return;
        }

        if (!_events.Writer.TryWrite(happened))
            Drop();
    }

    /// <summary>There will be no further events.</summary>
    public void Complete() => _events.Writer.TryComplete();

    public async IAsyncEnumerable<ChatEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _events.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_events.Reader.TryRead(out var happened))
            {
                yield return happened;
                cancellationToken.ThrowIfCancellationRequested();
            }

            // No event may follow that could report them.
            if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var count)
                yield return new EventsDropped { Count = count };
        }
    }

    private bool TryReport()
    {
        var count = Interlocked.Exchange(ref _dropped, 0);
        if (count == 0 || _events.Writer.TryWrite(new EventsDropped { Count = count }))
            return true;
        Interlocked.Add(ref _dropped, count);
        return false;
    }

    private void Drop()
    {
        if (Interlocked.Increment(ref _dropped) == 1)
            onDropped();
    }
}
