using ChatKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

/// <summary>What every room works with.</summary>
internal sealed record RoomServices(IBackplane Backplane, IMessageHistory History, ChatKitMetrics Metrics, ILogger<Room> Logger);
