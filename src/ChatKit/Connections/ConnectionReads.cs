using ChatKit.Rooms.Reads;

namespace ChatKit.Connections;

/// <summary>
/// Stores what the user of a connection has read: of each room, at once, and then the latest position once a second. What could not be
/// stored is tried again a second later, and when the connection ends.
/// </summary>
/// <param name="user">The user's ID.</param>
/// <param name="areShared">Whether all members of a room are notified.</param>
/// <param name="limit">The number of rooms whose positions can be held back.</param>
/// <param name="cursors">Stores and announces the cursors.</param>
/// <param name="clock">The clock.</param>
internal sealed class ConnectionReads(string user, bool areShared, int limit, ReadCursors cursors, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long the end of a connection waits for the store.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>The rooms in which something was stored within the last second, or is still to be stored. Also the lock.</summary>
    private readonly Dictionary<string, RoomCursor> _rooms = [];

    private ITimer? _timer;
    private bool _hasEnded;

    /// <summary>Moves the user's cursor in a room. Never waits.</summary>
    public void Move(string room, MessagePosition to)
    {
        lock (_rooms)
        {
            if (_rooms.TryGetValue(room, out var cursor))
            {
                cursor.Next = Later(cursor.Next, to);
            }
            else if (_rooms.Count < limit)
            {
                _rooms.Add(room, cursor = new RoomCursor());
                Write(room, cursor, to);
                if (_rooms.Count == 1)
                    Schedule();
            }
            else
            {
                _ = cursors.TryMoveAsync(room, user, to, areShared);
            }
        }
    }

    /// <summary>Stores what is held back, and ends. Gives up on a store that does not answer.</summary>
    public async Task EndAsync()
    {
        await WhenWritten().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_rooms)
            WriteNext(static _ => true);
        await WhenWritten().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task WhenWritten()
    {
        lock (_rooms)
        {
            _hasEnded = true;
            _timer?.Dispose();
            return Task.WhenAll(_rooms.Values.Select(static cursor => cursor.Writing)).WaitAsync(LongestWait, clock);
        }
    }

    private void Tick()
    {
        lock (_rooms)
        {
            if (_hasEnded)
                return;
            WriteNext(IsDue);
            foreach (var (room, cursor) in _rooms)
            {
                if (IsDue(cursor) && cursor.Next is null)
                    _rooms.Remove(room);
            }

            Schedule();
        }
    }

    private bool IsDue(RoomCursor cursor) => cursor.Writing.IsCompleted && clock.GetElapsedTime(cursor.WrittenAt) >= Interval;

    /// <summary>Sets the timer to the time at which the next position may be stored.</summary>
    private void Schedule()
    {
        if (_rooms.Count == 0)
            return;
        var rest = _rooms.Values.Min(cursor => Interval - clock.GetElapsedTime(cursor.WrittenAt));
        _timer ??= clock.CreateTimer(static self => ((ConnectionReads)self!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // If it is overdue, the store has not answered yet.
        _timer.Change(rest > TimeSpan.Zero ? rest + TimeSpan.FromMilliseconds(1) : Interval, Timeout.InfiniteTimeSpan);
    }

    private void WriteNext(Func<RoomCursor, bool> isMeant)
    {
        foreach (var (room, cursor) in _rooms)
        {
            if (cursor.Next is { } next && isMeant(cursor))
                Write(room, cursor, next);
        }
    }

    private void Write(string room, RoomCursor cursor, MessagePosition to)
    {
        (cursor.Next, cursor.WrittenAt) = (null, clock.GetTimestamp());
        cursor.Writing = WriteAsync(room, cursor, to);
    }

    private async Task WriteAsync(string room, RoomCursor cursor, MessagePosition to)
    {
        // The caller holds the lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (await cursors.TryMoveAsync(room, user, to, areShared).ConfigureAwait(false))
            return;
        lock (_rooms)
            cursor.Next = Later(to, cursor.Next ?? to);
    }

    /// <summary>The later of two positions. Of two streams, the one that the client has named last is the later one.</summary>
    private static MessagePosition Later(MessagePosition? earlier, MessagePosition later) =>
        earlier is { } position && later.IsAtOrBefore(position) ? position : later;

    private sealed class RoomCursor
    {
        public long WrittenAt { get; set; }

        /// <summary>The position to store next; null if there is none.</summary>
        public MessagePosition? Next { get; set; }

        /// <summary>Completes when the last position was stored, or could not be.</summary>
        public Task Writing { get; set; } = Task.CompletedTask;
    }
}
