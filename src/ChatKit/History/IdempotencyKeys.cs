namespace ChatKit.History;

/// <summary>
/// The recently used idempotency keys of all rooms, and the positions of their messages. As in Redis, keys outlive their room. Thread-safe.
/// </summary>
internal sealed class IdempotencyKeys : IDisposable
{
    /// <summary>How long a key is kept. Longer than a client retries, and short enough to limit the memory that keys use.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The maximum number of keys, which use about 60 MB. It allows 800 messages with keys per second for 5 minutes. Beyond it, the oldest
    /// keys are removed early, and a retry of their message is stored a second time.
    /// </summary>
    public const int MaxCount = 250_000;

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private Dictionary<(string Room, string Key), MessagePosition> _positions = [];
    private Queue<((string Room, string Key) Key, long At)> _order = new();

    public IdempotencyKeys(TimeProvider clock)
    {
        _clock = clock;
        _timer = clock.CreateTimer(static self => ((IdempotencyKeys)self!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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
            RemoveExpired();
            return _positions.TryGetValue((room, key), out var position) ? position : null;
        }
    }

    public void Add(string room, string key, MessagePosition position)
    {
        lock (_gate)
        {
            // The timer runs only while there are keys to remove.
            if (_order.Count == 0)
                _timer.Change(Lifetime, Timeout.InfiniteTimeSpan);
            if (_order.Count == MaxCount)
                RemoveOldest();
            _positions.Add((room, key), position);
            _order.Enqueue(((room, key), _clock.GetTimestamp()));
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        lock (_gate)
        {
            RemoveExpired();
            if (_order.TryPeek(out var oldest))
            {
                _timer.Change(Lifetime - _clock.GetElapsedTime(oldest.At), Timeout.InfiniteTimeSpan);
                return;
            }

            // Clearing them would keep their capacity.
            (_positions, _order) = ([], new());
        }
    }

    /// <summary>Removes expired keys.</summary>
    private void RemoveExpired()
    {
        while (_order.TryPeek(out var oldest) && _clock.GetElapsedTime(oldest.At) >= Lifetime)
            RemoveOldest();
    }

    private void RemoveOldest() => _positions.Remove(_order.Dequeue().Key);
}
