namespace ChatKit.History;

/// <summary>The keys under which a room's messages were stored lately, and where. Not safe to be used by several threads.</summary>
internal sealed class IdempotencyKeys
{
    /// <summary>For how long a message may be sent again. Longer than a client tries, and short enough to hold the keys of.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, MessagePosition> _positions = [];
    private readonly Queue<(string Key, long At)> _order = new();

    public MessagePosition? Find(string key) => _positions.TryGetValue(key, out var position) ? position : null;

    public void Add(string key, MessagePosition position, long now)
    {
        _positions.Add(key, position);
        _order.Enqueue((key, now));
    }

    /// <summary>Drops what is older than the lifetime.</summary>
    public void Forget(TimeProvider clock)
    {
        while (_order.TryPeek(out var oldest) && clock.GetElapsedTime(oldest.At) >= Lifetime)
        {
            _positions.Remove(oldest.Key);
            _order.Dequeue();
        }
    }
}
