using ChatKit.Diagnostics;
using ChatKit.Presence;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

/// <summary>What every room works with.</summary>
internal sealed record RoomServices(
    IBackplane Backplane,
    IMessageHistory History,
    IRoomPresence Presence,
    PresenceTracker Tracker,
    ChatKitMetrics Metrics,
    ILogger<Room> Logger);
