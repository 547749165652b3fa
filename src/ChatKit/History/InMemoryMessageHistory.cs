using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.History;

/// <summary>Keeps the last messages of each room in this process. They are lost when the process ends.</summary>
internal sealed class InMemoryMessageHistory(
    IOptions<ChatKitOptions> options, TimeProvider clock, ILogger<InMemoryMessageHistory> logger) : IMessageHistory, IDisposable
{
    /// <summary>How often expired rooms are removed: rarely enough to cost little, often enough to hold little memory.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    /// <summary>The percentage of rooms that is removed at once when there are too many, because finding the oldest ones scans all rooms.</summary>
    private const int RemovedPercent = 5;

    private readonly ConcurrentDictionary<string, StoredRoom> _rooms = new();
    private readonly IdempotencyKeys _keys = new(clock);
    private long _lastSweep = clock.GetTimestamp();
    private int _removing;

    public ValueTask<AppendResult> AppendAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, message, capacity);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<AppendResult>(cancellationToken);

        SweepIfDue();
        while (true)
        {
            if (!_rooms.TryGetValue(room, out var stored))
            {
                MakeSpace();
                stored = _rooms.GetOrAdd(room, static (_, now) => new StoredRoom(now), clock.GetTimestamp());
            }

            lock (stored)
            {
                if (RemoveIfExpired(room, stored))
                    continue;
                if (message.IdempotencyKey is { } known && _keys.Find(room, known) is { } first)
                    return ValueTask.FromResult(new AppendResult(first, IsNew: false));
                var result = new AppendResult(message, stored.Append(message, capacity, options.Value.HistoryCapacity, clock.GetTimestamp()));
                if (message.IdempotencyKey is { } key)
                    _keys.Add(room, key, result.Position);
                return ValueTask.FromResult(result);
            }
        }
    }

    public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, change);
        return InRoom(room, Change, cancellationToken);

        ChangeResult Change(StoredRoom? stored)
        {
            if (stored is null)
                return new ChangeResult(ChangeOutcome.Gone);
            if (change.IdempotencyKey is { } known && _keys.Find(room, known) is not null)
                return new ChangeResult(ChangeOutcome.Unchanged);
            var result = stored.Change(change, clock.GetTimestamp());
            if (result.Outcome != ChangeOutcome.Gone && change.IdempotencyKey is { } key)
                _keys.Add(room, key, change.Position);
            return result;
        }
    }

    public ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken) =>
        ReadAsync(room, after, limit: null, cancellationToken);

    public ValueTask<HistoryPage> ReadAsync(string room, StreamPosition? after, int? limit, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room);
        return InRoom(
            room, stored => stored?.Read(after, limit, clock.GetTimestamp()) ?? HistoryPage.OfEmptyRoom(after?.Message), cancellationToken);
    }

    public ValueTask<OlderMessages> ReadBeforeAsync(string room, MessagePosition? before, int limit, CancellationToken cancellationToken)
    {
        HistoryArguments.ThrowIfInvalid(room, limit);
        return InRoom(room, stored => stored?.ReadBefore(before, limit, clock.GetTimestamp()) ?? OlderMessages.None, cancellationToken);
    }

    public void Dispose() => _keys.Dispose();

    /// <summary>Does something in a room, under its lock. There is none if the room is not stored.</summary>
    private ValueTask<T> InRoom<T>(string room, Func<StoredRoom?, T> use, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<T>(cancellationToken);
        if (!_rooms.TryGetValue(room, out var stored))
            return ValueTask.FromResult(use(null));
        lock (stored)
            return ValueTask.FromResult(use(RemoveIfExpired(room, stored) ? null : stored));
    }

    /// <summary>
    /// Removes the messages of an expired room. Removes the room itself if it wasn't read for another such period; its positions continue
    /// while it is read. A removed room takes no more messages. The caller must hold the room's lock.
    /// </summary>
    private bool RemoveIfExpired(string room, StoredRoom stored)
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

    private void SweepIfDue()
    {
        var last = Volatile.Read(ref _lastSweep);
        if (clock.GetElapsedTime(last) < SweepInterval
            || Interlocked.CompareExchange(ref _lastSweep, clock.GetTimestamp(), last) != last)
            return;

        foreach (var (room, stored) in _rooms)
        {
            lock (stored)
                RemoveIfExpired(room, stored);
        }
    }

    /// <summary>Removes the least recently used rooms if there are too many, so that a client that invents rooms can't fill the memory.</summary>
    private void MakeSpace()
    {
        var limit = options.Value.MaxRoomsInMemory;
        if (_rooms.Count < limit || Interlocked.Exchange(ref _removing, 1) == 1)
            return;
        var oldest = _rooms.OrderBy(static room => room.Value.LastUse).Take(Math.Max(1, limit * RemovedPercent / 100)).ToList();
        foreach (var (room, stored) in oldest)
        {
            lock (stored)
                Remove(room, stored);
        }

        logger.RoomsRemoved(oldest.Count, limit);
        Volatile.Write(ref _removing, 0);
    }
}
