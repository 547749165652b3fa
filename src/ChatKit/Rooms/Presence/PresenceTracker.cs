using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms.Presence;

/// <summary>
/// Notifies the store and the rooms when members join and leave rooms on this node. Counts the connections of each member. A member leaves
/// a while after its last connection: a user that reloads a page, or reconnects to another node, was never away.
/// </summary>
internal sealed class PresenceTracker : IAsyncDisposable, IDisposable
{
    /// <summary>How long a member without a connection stays: longer than a client takes to reconnect after a short interruption.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>The time after which the members of a crashed node expire. Together with a room's check, that is under a minute.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(45);

    /// <summary>A third of the lifetime, so that two lost renewals do no harm.</summary>
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly PresenceWriter _writer;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();

    /// <summary>
    /// For each member of a room: the number of its connections, which is zero during the grace period, the time at which the last one
    /// left, and whether the member was stored.
    /// </summary>
    private readonly Dictionary<PresenceKey, (int Count, long LeftAt, bool IsStored)> _connections = [];
    private readonly Queue<(PresenceKey Key, long At)> _leaving = new();

    /// <summary>The data, as JSON, of the members that have some.</summary>
    private readonly Dictionary<PresenceKey, string> _data = [];

    /// <summary>The members whose joining, leaving or data is not stored yet. Limited by the number of members.</summary>
    private readonly HashSet<PresenceKey> _changed = [];

    /// <summary>The rooms whose presence the store has lost.</summary>
    private readonly HashSet<string> _lost = [];

    /// <summary>The rooms for which a renewal has detected such a loss, and that were not notified yet.</summary>
    private readonly HashSet<string> _foundLost = [];
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ITimer _timer;
    private volatile Task _renewal = Task.CompletedTask;
    private readonly Task _working;
    private long _renewed;

    public PresenceTracker(IPresenceStore store, IBackplane backplane, ILogger<PresenceTracker> logger, TimeProvider clock)
    {
        (_writer, _clock) = (new PresenceWriter(store, backplane, logger), clock);
        _renewed = clock.GetTimestamp();
        _working = Task.Run(WorkAsync);
        _timer = clock.CreateTimer(static self => ((PresenceTracker)self!).Tick(), this, TickInterval, TickInterval);
    }

    /// <summary>Adds a connection of a member to a room.</summary>
    /// <param name="key">The member.</param>
    /// <param name="data">The data of the connection, as JSON; null if it has none.</param>
    public void Enter(PresenceKey key, string? data)
    {
        lock (_gate)
        {
            if (!_connections.TryGetValue(key, out var known))
                Change(key);
            _connections[key] = known with { Count = known.Count + 1 };
            if (data is not null)
                Describe(key, data);
        }
    }

    /// <summary>
    /// Sets the data of a member. The latest counts, also if it is what this node has set before: another node may have set other data since.
    /// </summary>
    public void Describe(PresenceKey key, string data)
    {
        lock (_gate)
        {
            if (!_connections.ContainsKey(key))
                return;
            _data[key] = data;
            Change(key);
        }
    }

    /// <summary>The data of a member that was set on this node; null if there is none.</summary>
    public string? DataOf(PresenceKey key)
    {
        lock (_gate)
            return _data.GetValueOrDefault(key);
    }

    /// <summary>Removes a connection of a member from a room.</summary>
    public void Leave(PresenceKey key)
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            var known = _connections[key];
            _connections[key] = known with { Count = known.Count - 1, LeftAt = now };
            if (known.Count == 1)
                _leaving.Enqueue((key, now));
        }
    }

    /// <summary>Stores the members of this node in a room again, because the store has lost them.</summary>
    public void Restore(string room)
    {
        lock (_gate)
            _lost.Add(room);
        _wake.Writer.TryWrite(true);
    }

    /// <summary>
    /// Completes when the renewal in progress, if any, has recorded what the store had lost. A list that is read after that is not mistaken for
    /// complete.
    /// </summary>
    public Task Renewal => _renewal;

    /// <summary>
    /// Whether the store was found to have lost a room's presence since the last call. This node has stored its members again. The other
    /// nodes may not have detected the loss yet.
    /// </summary>
    public bool WasLost(string room)
    {
        lock (_gate)
            return _foundLost.Remove(room);
    }

    /// <summary>
    /// Stops. The members stay in the store for the grace period: they may come back on another node. If they do not, the rooms there
    /// detect it.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        await _working.ConfigureAwait(false);
        await RenewAsync(Grace, static _ => true).ConfigureAwait(false);
    }

    /// <summary>Stops. The members expire.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        _wake.Writer.TryComplete();
    }

    private void Tick()
    {
        lock (_gate)
        {
            while (_leaving.TryPeek(out var oldest) && _clock.GetElapsedTime(oldest.At) >= Grace)
            {
                _leaving.Dequeue();

                // A member that has come back, and has left again, is in the queue twice.
                if (!_connections.TryGetValue(oldest.Key, out var known) || known.Count > 0 || known.LeftAt != oldest.At)
                    continue;
                _connections.Remove(oldest.Key);
                _data.Remove(oldest.Key);
                Change(oldest.Key);
            }
        }

        if (_clock.GetElapsedTime(_renewed) >= RenewInterval)
            _wake.Writer.TryWrite(true);
    }

    /// <summary>Records a change. The caller must hold the lock.</summary>
    private void Change(PresenceKey key)
    {
        _changed.Add(key);
        _wake.Writer.TryWrite(true);
    }

    private async Task WorkAsync()
    {
        await foreach (var _ in _wake.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            // Concurrently, so that a store that hangs delays no more than one round.
            var changes = TakeChanges().Select(change => change.IsHere ? EnterAsync(change.Key) : _writer.LeaveAsync(change.Key));
            await Task.WhenAll(changes).ConfigureAwait(false);
            await RestoreAsync().ConfigureAwait(false);
            if (_clock.GetElapsedTime(_renewed) < RenewInterval)
                continue;
            _renewed = _clock.GetTimestamp();
            await (_renewal = RenewAllAsync()).ConfigureAwait(false);
        }
    }

    /// <summary>Stores again which members are in all rooms, and records the rooms of which the store had lost something.</summary>
    private async Task RenewAllAsync()
    {
        var lost = await RenewAsync(Lifetime, static _ => true).ConfigureAwait(false);
        lock (_gate)
        {
            _foundLost.UnionWith(lost);
            if (_foundLost.Count > 0)
                _foundLost.IntersectWith(_connections.Keys.Select(static key => key.Room));
        }
    }

    private List<(PresenceKey Key, bool IsHere)> TakeChanges()
    {
        lock (_gate)
        {
            var changes = _changed.Select(key => (key, _connections.ContainsKey(key))).ToList();
            _changed.Clear();
            return changes;
        }
    }

    private Task RestoreAsync()
    {
        HashSet<string> lost;
        lock (_gate)
        {
            if (_lost.Count == 0)
                return Task.CompletedTask;
            lost = [.. _lost];
            _lost.Clear();
        }

        // These rooms have detected the loss themselves.
        return RenewAsync(Lifetime, lost.Contains);
    }

    /// <summary>Stores the members of rooms again. Returns the rooms of which the store had lost members.</summary>
    private async Task<IEnumerable<string>> RenewAsync(TimeSpan lifetime, Predicate<string> isMeant)
    {
        var lost = new ConcurrentBag<string>();
        List<IGrouping<string, PresenceKey>> rooms;
        lock (_gate)
            rooms = [.. _connections.Keys.Where(key => isMeant(key.Room)).GroupBy(static key => key.Room)];
        await Task.WhenAll(rooms.Select(room =>
        {
            MemberData[] members = [.. room.Select(key => new MemberData(key.Member, DataOf(key)))];
            return _writer.RenewAsync(room.Key, members, lifetime, unknown =>
            {
                if (unknown > MarkStored(room))
                    lost.Add(room.Key);
            });
        })).ConfigureAwait(false);
        return lost;
    }

    /// <summary>Marks members as stored. Returns how many were not marked before.</summary>
    private int MarkStored(IEnumerable<PresenceKey> keys)
    {
        lock (_gate)
        {
            var news = 0;
            foreach (var key in keys)
            {
                if (!_connections.TryGetValue(key, out var known))
                    continue;
                news += known.IsStored ? 0 : 1;
                _connections[key] = known with { IsStored = true };
            }

            return news;
        }
    }

    private async Task EnterAsync(PresenceKey key)
    {
        var data = DataOf(key);
        if (await _writer.EnterAsync(key, data, Lifetime, () => MarkStored([key])).ConfigureAwait(false) || data is null)
            return;

        // A renewal would not replace older data. The next round tries again.
        lock (_gate)
            _changed.Add(key);
    }
}
