using System.Collections.Concurrent;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Presence;
using ChatKit.Rooms.Reads;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.Rooms;

/// <summary>The rooms that have members on this node.</summary>
internal sealed class RoomRegistry : IDisposable
{
    /// <summary>
    /// The number of rooms that are checked at a time: enough to keep the store busy, and few enough that the store has time for other
    /// work.
    /// </summary>
    private const int CheckedAtOnce = 64;

    private readonly ConcurrentDictionary<string, Room> _rooms = new();
    private readonly PageReads _reads = new();
    private readonly SemaphoreSlim _checking = new(CheckedAtOnce);
    private readonly RoomServices _services;
    private readonly Action<Room> _remove;
    private readonly ITimer _checks;
    private bool _checkingAll;

    public RoomRegistry(
        IBackplane backplane,
        IMessageHistory history,
        IPresenceStore presence,
        PresenceTracker tracker,
        IReadStore cursors,
        DisconnectLog disconnects,
        ChatKitMetrics metrics,
        ChatKitTracing tracing,
        ILogger<Room> logger,
        IOptions<ChatKitOptions> options,
        TimeProvider clock)
    {
        _services = new RoomServices(
            backplane,
            history,
            presence,
            tracker,
            cursors,
            disconnects,
            _reads,
            metrics,
            tracing,
            logger,
            clock,
            options.Value.PresenceListLimit,
            options.Value.SharedFanOutFrom);
        _remove = room => _rooms.TryRemove(KeyValuePair.Create(room.Name, room));
        var interval = options.Value.RoomCheckInterval;
        metrics.Observe(() => Count);
        _checks = clock.CreateTimer(static rooms => _ = ((RoomRegistry)rooms!).CheckAllAsync(), this, interval, interval);
    }

    public int Count => _rooms.Count;

    /// <summary>Carries out many writes at once, and is disposed of with this object; null if each is carried out alone.</summary>
    public IWriteBatching? Batching
    {
        get => _services.Batching;
        set => _services.Batching = value;
    }

    /// <summary>The rooms. The caller can enumerate them while others are added and removed.</summary>
    public IEnumerable<Room> All => _rooms.Select(static entry => entry.Value);

    /// <summary>Finds a room by name. Returns null if it has no members on this node.</summary>
    public Room? Find(string name) => _rooms.GetValueOrDefault(name);

    /// <summary>
    /// Adds a client to a room. Until the membership is started, the client receives no stored messages, and may miss live ones.
    /// </summary>
    public RoomMembership Enter(string name, IRoomClient client, int replay, StreamPosition? resumeAfter = null, int? capacity = null)
    {
        var member = new RoomMember(client, replay, resumeAfter, capacity);
        Room room;
        do
        {
            room = _rooms.GetOrAdd(name, static (name, registry) => new Room(name, registry._services, registry._remove), this);
        }
        while (!room.TryAdd(member));

        return new RoomMembership(room, member);
    }

    /// <summary>Reads the stored messages of a room before a position.</summary>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    public ValueTask<OlderMessages> ReadBeforeAsync(string room, MessagePosition? before, int limit) =>
        _services.ReadBeforeAsync(room, before, limit);

    /// <summary>Notifies the rooms of a client that its presence data has changed.</summary>
    public void Describe(IRoomClient client)
    {
        foreach (var room in client.RoomNames)
            Find(room)?.Describe(client);
    }

    public void Dispose()
    {
        _checks.Dispose();
        Batching?.Dispose();
    }

    /// <summary>Checks the rooms. Skips a round while the previous one is running.</summary>
    private async Task CheckAllAsync()
    {
        if (Interlocked.Exchange(ref _checkingAll, true))
            return;
        _ = _services.Disconnects.CheckAsync();
        foreach (var (_, room) in _rooms)
        {
            await _checking.WaitAsync().ConfigureAwait(false);
            _ = CheckAsync(room);
        }

        Volatile.Write(ref _checkingAll, false);
    }

    private async Task CheckAsync(Room room)
    {
        try
        {
            await room.CheckAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            _checking.Release();
        }
    }
}
