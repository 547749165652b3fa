namespace ChatKit.History;

/// <summary>A room of the in-memory history. Its own lock guards it.</summary>
/// <param name="now">The timestamp at which the room is created.</param>
internal sealed class StoredRoom(long now)
{
    private readonly string _epoch = Epoch.Create();

    /// <summary>The messages, each at its sequence modulo the length.</summary>
    private ChatMessage?[] _ring = [];
    private int _count;
    private int? _capacity;
    private long _top;
    private long _revision;

    public long LastAppend { get; private set; } = now;

    /// <summary>When the room was last used.</summary>
    public long LastUse { get; private set; } = now;

    /// <summary>Whether the room was removed. A removed room is not used again.</summary>
    public bool Removed { get; set; }

    private MessagePosition Top => _top == 0 ? MessagePosition.None : new MessagePosition(_epoch, _top);

    /// <summary>The messages, oldest first.</summary>
    private IReadOnlyList<ChatMessage> Messages => new View(this);

    public void Clear() => (_ring, _count) = ([], 0);

    /// <summary>Returns the message at its position.</summary>
    public ChatMessage Append(ChatMessage message, int? capacity, int defaultCapacity, long now)
    {
        if (capacity > (_capacity ?? 0))
            _capacity = capacity;
        var kept = _capacity ?? defaultCapacity;
        var stored = message.WithPosition(new MessagePosition(_epoch, ++_top));
        while (_count >= Math.Max(1, kept))
            _ring[(_top - _count--) % _ring.Length] = null;
        if (kept > 0)
        {
            Grow(kept);
            _ring[_top % _ring.Length] = stored;
            _count++;
        }

        LastAppend = LastUse = now;
        return stored;
    }

    public ChangeResult Change(MessageChange change, long now)
    {
        if (Find(change.Position) is not { } message || (message.IsDeleted && !change.IsDeletion))
            return new ChangeResult(ChangeOutcome.Gone);
        if (message.IsDeleted)
            return new ChangeResult(ChangeOutcome.Unchanged);
        var changed = message.With(change, ++_revision);
        _ring[change.Position.Sequence % _ring.Length] = changed;
        LastAppend = LastUse = now;
        return new ChangeResult(ChangeOutcome.Changed, changed);
    }

    public HistoryPage Read(StreamPosition? after, int? limit, long now)
    {
        LastUse = now;
        return HistoryPage.After(Messages, Top, _revision, after, limit);
    }

    public OlderMessages ReadBefore(MessagePosition? before, int limit, long now)
    {
        LastUse = now;
        return OlderMessages.Of(Messages, before, limit);
    }

    private ChatMessage? Find(MessagePosition position) =>
        position.Epoch == _epoch && position.Sequence <= _top && position.Sequence > _top - _count
            ? _ring[position.Sequence % _ring.Length]
            : null;

    /// <summary>Makes space for one more message, which has the sequence <see cref="_top"/>.</summary>
    private void Grow(int capacity)
    {
        if (_count < _ring.Length)
            return;
        var larger = new ChatMessage?[Math.Max(1, Math.Min(capacity, _ring.Length * 2))];
        for (var sequence = _top - _count; sequence < _top; sequence++)
            larger[sequence % larger.Length] = _ring[sequence % _ring.Length];
        _ring = larger;
    }

    private sealed class View(StoredRoom room) : IReadOnlyList<ChatMessage>
    {
        public int Count => room._count;

        public ChatMessage this[int index] => room._ring[(room._top - room._count + 1 + index) % room._ring.Length]!;

        public IEnumerator<ChatMessage> GetEnumerator()
        {
            for (var i = 0; i < Count; i++)
                yield return this[i];
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
