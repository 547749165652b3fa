using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace ChatKit.History;

/// <summary>Keeps the last messages of each room in this process. They are gone when it ends.</summary>
internal sealed class InMemoryMessageHistory(IOptions<ChatKitOptions> options, TimeProvider clock) : IMessageHistory
{
    /// <summary>Expired rooms are looked for this often: seldom enough to cost nothing, often enough to hold little.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, StoredRoom> _rooms = new();
    private long _swept = clock.GetTimestamp();

    public ValueTask<AppendResult> AppendAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, message, capacity);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<AppendResult>(cancellationToken);

        SweepNowAndThen();
        while (true)
        {
            var stored = _rooms.GetOrAdd(room, static (_, capacity) => new StoredRoom(capacity), options.Value.HistoryCapacity);
            lock (stored)
            {
                if (!RemoveIfExpired(room, stored))
                    return ValueTask.FromResult(stored.Append(message, capacity, clock));
            }
        }
    }

    public ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<HistoryPage>(cancellationToken);

        if (_rooms.TryGetValue(room, out var stored))
        {
            lock (stored)
            {
                if (!RemoveIfExpired(room, stored))
                    return ValueTask.FromResult(stored.Read(after));
            }
        }

        return ValueTask.FromResult(HistoryPage.OfEmptyRoom(after));
    }

    /// <summary>To be called under the room's lock; a room that was removed takes no more messages.</summary>
    private bool RemoveIfExpired(string room, StoredRoom stored)
    {
        if (!stored.Removed && stored.IsEmpty)
            return false;
        if (!stored.Removed && clock.GetElapsedTime(stored.LastAppend) < options.Value.RoomTimeToLive)
            return false;

        stored.Removed = true;
        _rooms.TryRemove(KeyValuePair.Create(room, stored));
        return true;
    }

    private void SweepNowAndThen()
    {
        var last = Volatile.Read(ref _swept);
        if (clock.GetElapsedTime(last) < SweepInterval
            || Interlocked.CompareExchange(ref _swept, clock.GetTimestamp(), last) != last)
            return;

        foreach (var (room, stored) in _rooms)
        {
            lock (stored)
                RemoveIfExpired(room, stored);
        }
    }

    private sealed class StoredRoom(int capacity)
    {
        private readonly Queue<ChatMessage> _messages = new();
        private readonly string _epoch = Epoch.Create();
        private int _capacity = capacity;
        private IdempotencyKeys? _keys;
        private long _top;

        public long LastAppend { get; private set; }

        public bool Removed { get; set; }

        public bool IsEmpty => _top == 0;

        public AppendResult Append(ChatMessage message, int? capacity, TimeProvider clock)
        {
            _keys?.Forget(clock);
            if (message.IdempotencyKey is { } known && _keys?.Find(known) is { } first)
                return new AppendResult(first, IsNew: false);

            _capacity = capacity ?? _capacity;
            var position = new MessagePosition(_epoch, ++_top);
            _messages.Enqueue(message.WithPosition(position));
            while (_messages.Count > _capacity)
                _messages.Dequeue();
            LastAppend = clock.GetTimestamp();
            if (message.IdempotencyKey is { } key)
                (_keys ??= new IdempotencyKeys()).Add(key, position, LastAppend);
            return new AppendResult(position, IsNew: true);
        }

        public HistoryPage Read(MessagePosition? after)
        {
            var top = IsEmpty ? MessagePosition.None : new MessagePosition(_epoch, _top);
            var (count, missed, restarted) = HistoryPage.Plan(top, _messages.Count, after);
            ChatMessage[] messages = count == 0 ? [] : [.. _messages.Skip(_messages.Count - count)];
            return new HistoryPage(messages, top, missed, restarted);
        }
    }
}
