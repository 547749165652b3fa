using System.Runtime.CompilerServices;

namespace ChatKit.Client.Subscriptions;

/// <summary>The readers of the events of a client, or of a room. Events that precede the first reader wait for it.</summary>
internal sealed class EventHub
{
    private readonly Lock _gate;
    private readonly int _capacity;
    private readonly Action _onDropped;
    private EventQueue? _first;
    private EventQueue[] _queues;
    private bool _isOver;

    /// <param name="gate">The session's lock.</param>
    /// <param name="capacity">The maximum number of events that wait for a reader.</param>
    /// <param name="early">The maximum number of events that wait for the first reader.</param>
    /// <param name="onDropped">Called when a reader's events begin to be dropped.</param>
    public EventHub(Lock gate, int capacity, int early, Action onDropped)
    {
        (_gate, _capacity, _onDropped) = (gate, capacity, onDropped);
        _first = new EventQueue(early, onDropped);
        _queues = [_first];
    }

    /// <summary>Adds an event for all readers. Under the lock.</summary>
    public void Add(ChatEvent happened)
    {
        foreach (var queue in _queues)
            queue.Add(happened);
    }

    /// <summary>Ends all readers, after the events that wait for them. Under the lock.</summary>
    public void Complete()
    {
        _isOver = true;
        foreach (var queue in _queues)
            queue.Complete();
    }

    /// <summary>Starts to read at once, not only when the first event is requested.</summary>
    public IAsyncEnumerable<ChatEvent> Read(CancellationToken cancellationToken)
    {
        EventQueue queue;
        lock (_gate)
        {
            if (_first is not null)
            {
                queue = _first;
                _first = null;
            }
            else
            {
                queue = new EventQueue(_capacity, _onDropped);
                if (_isOver)
                    queue.Complete();
                else
                    _queues = [.. _queues, queue];
            }
        }

        return ReadAsync(queue, cancellationToken);
    }

    private async IAsyncEnumerable<ChatEvent> ReadAsync(EventQueue queue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in queue.ReadAsync(cancellationToken).ConfigureAwait(false))
                yield return happened;
        }
        finally
        {
            lock (_gate)
                _queues = [.. _queues.Where(other => other != queue)];
        }
    }
}
