namespace ChatKit.AspNetCore.Tests.Custom;

/// <summary>
/// A history on a table as an application could write it, because this project only sees the public members of ChatKit. Several nodes can
/// share the table.
/// </summary>
internal sealed class TableHistory(int capacity = 100, TimeSpan? timeToLive = null, TimeProvider? clock = null, string? epoch = null)
    : IMessageHistory
{
    private readonly TimeSpan _timeToLive = timeToLive ?? TimeSpan.FromDays(30);
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly Dictionary<string, Row> _rooms = [];

    /// <summary>Whether the table is unavailable.</summary>
    public bool Down { get; set; }

    public ValueTask<AppendResult> AppendAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        ArgumentNullException.ThrowIfNull(message);
        if (capacity is { } named)
            ArgumentOutOfRangeException.ThrowIfLessThan(named, 1, nameof(capacity));
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDown();
        lock (_rooms)
            return ValueTask.FromResult(Find(room, create: true)!.Append(message, capacity, _clock.GetUtcNow()));
    }

    public ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDown();
        lock (_rooms)
        {
            var row = Find(room, create: false);
            return ValueTask.FromResult(HistoryPage.After(
                row is null ? [] : [.. row.Messages], row?.Top ?? MessagePosition.None, row?.Revision ?? 0, after, limit: null) with
            { Changes = [] });
        }
    }

    public ValueTask<HistoryPage> ReadAsync(string room, StreamPosition? after, int? limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDown();
        lock (_rooms)
        {
            var row = Find(room, create: false);
            return ValueTask.FromResult(HistoryPage.After(
                row is null ? [] : [.. row.Messages], row?.Top ?? MessagePosition.None, row?.Revision ?? 0, after, limit));
        }
    }

    public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDown();
        lock (_rooms)
            return ValueTask.FromResult(Find(room, create: false)?.Change(change, _clock.GetUtcNow()) ?? new ChangeResult(ChangeOutcome.Gone));
    }

    private void ThrowIfDown()
    {
        if (Down)
            throw new HistoryUnavailableException("The table cannot be reached.");
    }

    private Row? Find(string room, bool create)
    {
        if (_rooms.TryGetValue(room, out var row) && _clock.GetUtcNow() - row.LastAppend >= _timeToLive)
            row.Messages.Clear();
        if (row is null && create)
            _rooms.Add(room, row = new Row(capacity, epoch ?? $"{Guid.NewGuid():n}"));
        return row;
    }

    private sealed class Row(int usualCapacity, string epoch)
    {
        private readonly Dictionary<string, (MessagePosition Position, DateTimeOffset At)> _keys = [];
        private int? _capacity;

        public List<ChatMessage> Messages { get; } = [];

        public MessagePosition Top { get; private set; }

        public long Revision { get; private set; }

        public DateTimeOffset LastAppend { get; private set; } = DateTimeOffset.MaxValue;

        public AppendResult Append(ChatMessage message, int? capacity, DateTimeOffset now)
        {
            if (message.IdempotencyKey is { } key && _keys.TryGetValue(key, out var known) && now - known.At < TimeSpan.FromMinutes(5))
                return new AppendResult(known.Position, IsNew: false);
            (Top, LastAppend) = (new MessagePosition(epoch, Top.Sequence + 1), now);
            if (message.IdempotencyKey is { } given)
                _keys[given] = (Top, now);
            Messages.Add(message.WithPosition(Top));
            _capacity = Math.Max(_capacity ?? 0, capacity ?? 0) is > 0 and var named ? named : null;
            Messages.RemoveRange(0, Math.Max(0, Messages.Count - (_capacity ?? usualCapacity)));
            return new AppendResult(Top, IsNew: true);
        }

        public ChangeResult Change(MessageChange change, DateTimeOffset now)
        {
            if (change.IdempotencyKey is { } key && _keys.TryGetValue(key, out var known) && now - known.At < TimeSpan.FromMinutes(5))
                return new ChangeResult(ChangeOutcome.Unchanged);
            var index = Messages.FindIndex(message => message.Position == change.Position);
            if (index < 0 || (Messages[index].IsDeleted && !change.IsDeletion))
                return new ChangeResult(ChangeOutcome.Gone);
            if (Messages[index].IsDeleted)
                return new ChangeResult(ChangeOutcome.Unchanged);
            if (change.IdempotencyKey is { } given)
                _keys[given] = (change.Position, now);
            return new ChangeResult(ChangeOutcome.Changed, Messages[index] = Messages[index].With(change, ++Revision));
        }
    }
}
