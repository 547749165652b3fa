namespace ChatKit.History;

/// <summary>
/// The keys under which messages were stored lately, and where, of all rooms. They outlive the room, as they do in Redis. Safe to call from
/// many threads.
/// </summary>
internal sealed class IdempotencyKeys : IDisposable
{
    /// <summary>For how long a message may be sent again. Longer than a client tries, and short enough to hold the keys of.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>
    /// So many are kept, in about 60 MB; that is 800 named messages a second for 5 minutes. Beyond it the oldest are forgotten early: sent
    /// again, their messages are stored a second time.
    /// </summary>
    public const int MaxCount = 250_000;

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _sweeps;
    private Dictionary<(string Room, string Key), MessagePosition> _positions = [];
    private Queue<((string Room, string Key) Key, long At)> _order = new();

    public IdempotencyKeys(TimeProvider clock)
    {
        _clock = clock;
        _sweeps = clock.CreateTimer(static self => ((IdempotencyKeys)self!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _order.Count;
        }
    }

    public MessagePosition? Find(string room, string key)
    {
        lock (_gate)
        {
            Forget();
            return _positions.TryGetValue((room, key), out var position) ? position : null;
        }
    }

    public void Add(string room, string key, MessagePosition position)
    {
        lock (_gate)
        {
            // The timer runs only while there is something to forget.
            if (_order.Count == 0)
                _sweeps.Change(Lifetime, Timeout.InfiniteTimeSpan);
            if (_order.Count == MaxCount)
                Drop();
            _positions.Add((room, key), position);
            _order.Enqueue(((room, key), _clock.GetTimestamp()));
        }
    }

    public void Dispose() => _sweeps.Dispose();

    private void Sweep()
    {
        lock (_gate)
        {
            Forget();
            if (_order.TryPeek(out var oldest))
            {
                _sweeps.Change(Lifetime - _clock.GetElapsedTime(oldest.At), Timeout.InfiniteTimeSpan);
                return;
            }

            // Emptied, both would keep the size that they had.
            (_positions, _order) = ([], new());
        }
    }

    /// <summary>Drops what is older than the lifetime.</summary>
    private void Forget()
    {
        while (_order.TryPeek(out var oldest) && _clock.GetElapsedTime(oldest.At) >= Lifetime)
            Drop();
    }

    private void Drop() => _positions.Remove(_order.Dequeue().Key);
}
