using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.History;

/// <summary>Keeps the last messages of each room in this process. They are gone when it ends.</summary>
internal sealed class InMemoryMessageHistory(
    IOptions<ChatKitOptions> options, TimeProvider clock, ILogger<InMemoryMessageHistory> logger) : IMessageHistory, IDisposable
{
    /// <summary>Expired rooms are looked for this often: seldom enough to cost nothing, often enough to hold little.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    /// <summary>With each that is one too many, so many of a hundred are forgotten: looking for them costs a walk through all.</summary>
    private const int ForgottenAtOnce = 5;

    private readonly ConcurrentDictionary<string, StoredRoom> _rooms = new();
    private readonly IdempotencyKeys _keys = new(clock);
    private long _swept = clock.GetTimestamp();
    private int _forgetting;

    public ValueTask<AppendResult> AppendAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, message, capacity);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<AppendResult>(cancellationToken);

        SweepNowAndThen();
        while (true)
        {
            if (!_rooms.TryGetValue(room, out var stored))
            {
                MakeSpace();
                stored = _rooms.GetOrAdd(room, static (_, now) => new StoredRoom(now), clock.GetTimestamp());
            }

            lock (stored)
            {
                if (RemoveIfOver(room, stored))
                    continue;
                if (message.IdempotencyKey is { } known && _keys.Find(room, known) is { } first)
                    return ValueTask.FromResult(new AppendResult(first, IsNew: false));
                var position = stored.Append(message, capacity, options.Value.HistoryCapacity, clock.GetTimestamp());
                if (message.IdempotencyKey is { } key)
                    _keys.Add(room, key, position);
                return ValueTask.FromResult(new AppendResult(position, IsNew: true));
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
                if (!RemoveIfOver(room, stored))
                    return ValueTask.FromResult(stored.Read(after, clock.GetTimestamp()));
            }
        }

        return ValueTask.FromResult(HistoryPage.OfEmptyRoom(after));
    }

    public void Dispose() => _keys.Dispose();

    /// <summary>
    /// Forgets the messages of a room that have expired, and the room itself once nobody has read it for as long again: as long as anybody
    /// follows it, its positions go on. A room that was removed takes no more messages. To be called under the room's lock.
    /// </summary>
    private bool RemoveIfOver(string room, StoredRoom stored)
    {
        if (stored.Removed)
            return true;
        var timeToLive = options.Value.RoomTimeToLive;
        if (clock.GetElapsedTime(stored.LastAppend) < timeToLive)
            return false;
        stored.Clear();
        if (clock.GetElapsedTime(stored.LastUse) < timeToLive || clock.GetElapsedTime(stored.LastAppend) < timeToLive * 2)
            return false;
        Remove(room, stored);
        return true;
    }

    private void Remove(string room, StoredRoom stored)
    {
        stored.Removed = true;
        _rooms.TryRemove(KeyValuePair.Create(room, stored));
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
                RemoveIfOver(room, stored);
        }
    }

    /// <summary>Forgets the rooms that were not used for the longest time, if there are too many: whoever invents rooms must not fill the memory.</summary>
    private void MakeSpace()
    {
        var limit = options.Value.MaxRoomsInMemory;
        if (_rooms.Count < limit || Interlocked.Exchange(ref _forgetting, 1) == 1)
            return;
        var oldest = _rooms.OrderBy(static room => room.Value.LastUse).Take(Math.Max(1, limit * ForgottenAtOnce / 100)).ToList();
        foreach (var (room, stored) in oldest)
        {
            lock (stored)
                Remove(room, stored);
        }

        logger.RoomsForgotten(oldest.Count, limit);
        Volatile.Write(ref _forgetting, 0);
    }

    private sealed class StoredRoom(long now)
    {
        private readonly Queue<ChatMessage> _messages = new();
        private readonly string _epoch = Epoch.Create();
        private int? _capacity;
        private long _top;

        public long LastAppend { get; private set; } = now;

        /// <summary>When the room was last appended to or read.</summary>
        public long LastUse { get; private set; } = now;

        public bool Removed { get; set; }

        public void Clear() => _messages.Clear();

        public MessagePosition Append(ChatMessage message, int? capacity, int usualCapacity, long now)
        {
            if (capacity > (_capacity ?? 0))
                _capacity = capacity;
            var position = new MessagePosition(_epoch, ++_top);
            _messages.Enqueue(message.WithPosition(position));
            while (_messages.Count > (_capacity ?? usualCapacity))
                _messages.Dequeue();
            LastAppend = LastUse = now;
            return position;
        }

        public HistoryPage Read(MessagePosition? after, long now)
        {
            LastUse = now;
            var top = _top == 0 ? MessagePosition.None : new MessagePosition(_epoch, _top);
            var (count, missed, restarted) = HistoryPage.Plan(top, _messages.Count, after);
            ChatMessage[] messages = count == 0 ? [] : [.. _messages.Skip(_messages.Count - count)];
            return new HistoryPage(messages, top, missed, restarted);
        }
    }
}
