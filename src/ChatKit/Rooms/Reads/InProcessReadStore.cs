using Microsoft.Extensions.Options;

namespace ChatKit.Rooms.Reads;

/// <summary>Keeps the cursors in this process, if there are no other nodes. They expire when their room has not been used for long.</summary>
internal sealed class InProcessReadStore(IMessageHistory history, IOptions<ChatKitOptions> options, TimeProvider clock) : IReadStore
{
    /// <summary>How often expired rooms are removed.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    /// <summary>The percentage of rooms that is removed at once when there are too many, because finding the oldest ones scans all rooms.</summary>
    private const int RemovedPercent = 5;

    private readonly Dictionary<string, RoomCursors> _rooms = [];
    private long _lastSweep = clock.GetTimestamp();

    public async ValueTask<MessagePosition?> MoveAsync(string room, string user, MessagePosition to, CancellationToken cancellationToken)
    {
        var top = (await history.ReadAsync(room, to, cancellationToken).ConfigureAwait(false)).Top;
        if (to.Sequence == 0 || to.Epoch != top.Epoch)
            return null;

        var cursor = to with { Sequence = Math.Min(to.Sequence, top.Sequence) };
        lock (_rooms)
        {
            SweepIfDue();
            if (Find(room) is not { } cursors)
                _rooms.Add(room, cursors = new RoomCursors { LastUse = clock.GetTimestamp() });
            if (cursor.IsAtOrBefore(cursors.OfUsers.GetValueOrDefault(user)))
                return null;
            cursors.OfUsers[user] = cursor;
            return cursor;
        }
    }

    public async ValueTask<IReadOnlyList<ReadState>> GetAsync(string user, IReadOnlyList<string> rooms, CancellationToken cancellationToken)
    {
        var states = new ReadState[rooms.Count];
        for (var i = 0; i < states.Length; i++)
        {
            MessagePosition? cursor;
            lock (_rooms)
                cursor = Find(rooms[i])?.OfUsers.TryGetValue(user, out var known) == true ? known : null;
            states[i] = ReadState.Of(cursor, await history.ReadAsync(rooms[i], cursor, cancellationToken).ConfigureAwait(false));
        }

        return states;
    }

    private RoomCursors? Find(string room)
    {
        if (_rooms.TryGetValue(room, out var cursors))
            cursors.LastUse = clock.GetTimestamp();
        return cursors;
    }

    /// <summary>Removes expired rooms, and the least recently used ones if there are too many.</summary>
    private void SweepIfDue()
    {
        var isFull = _rooms.Count >= options.Value.MaxRoomsInMemory;
        if (!isFull && clock.GetElapsedTime(_lastSweep) < SweepInterval)
            return;
        _lastSweep = clock.GetTimestamp();
        foreach (var (room, cursors) in _rooms)
        {
            // As long as the positions of a room that is not used.
            if (clock.GetElapsedTime(cursors.LastUse) >= options.Value.RoomTimeToLive * 2)
                _rooms.Remove(room);
        }

        if (_rooms.Count < options.Value.MaxRoomsInMemory)
            return;
        var removed = Math.Max(1, _rooms.Count * RemovedPercent / 100);
        foreach (var (room, _) in _rooms.OrderBy(static room => room.Value.LastUse).Take(removed).ToList())
            _rooms.Remove(room);
    }

    private sealed class RoomCursors
    {
        public Dictionary<string, MessagePosition> OfUsers { get; } = [];

        public long LastUse { get; set; }
    }
}
