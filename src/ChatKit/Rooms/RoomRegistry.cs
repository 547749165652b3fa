using System.Collections.Concurrent;
using ChatKit.Diagnostics;
using ChatKit.Presence;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.Rooms;

/// <summary>The rooms that have members on this node.</summary>
internal sealed class RoomRegistry : IDisposable
{
    private readonly ConcurrentDictionary<string, Room> _rooms = new();
    private readonly RoomServices _services;
    private readonly ITimer _checks;

    public RoomRegistry(
        IBackplane backplane,
        IMessageHistory history,
        IRoomPresence presence,
        PresenceTracker tracker,
        ChatKitMetrics metrics,
        ChatKitTracing tracing,
        ILogger<Room> logger,
        IOptions<ChatKitOptions> options,
        TimeProvider clock)
    {
        _services = new RoomServices(backplane, history, presence, tracker, metrics, tracing, logger);
        var interval = options.Value.RoomCheckInterval;
        metrics.Observe(() => Count);
        _checks = clock.CreateTimer(static rooms => ((RoomRegistry)rooms!).CheckAll(), this, interval, interval);
    }

    public int Count => _rooms.Count;

    /// <summary>Enters a room. The client hears nothing stored, and is not counted on to hear all, before the membership was started.</summary>
    public RoomMembership Enter(string name, IRoomClient client, int replay, MessagePosition? resumeAfter = null)
    {
        var member = new RoomMember(client, replay, resumeAfter);
        Room room;
        do
        {
            room = _rooms.GetOrAdd(name, static (name, services) => new Room(name, services), _services);
        }
        while (!room.TryAdd(member));

        return new RoomMembership(this, room, member);
    }

    public async ValueTask LeaveAsync(Room room, RoomMember member)
    {
        if (!room.RemoveWasLast(member))
            return;

        _rooms.TryRemove(KeyValuePair.Create(room.Name, room));
        await room.UnsubscribeAsync().ConfigureAwait(false);
    }

    public void Dispose() => _checks.Dispose();

    private void CheckAll()
    {
        foreach (var (_, room) in _rooms)
            room.Check();
    }
}
