namespace ChatKit.Rooms;

/// <summary>What became of items that were offered to members.</summary>
/// <param name="Deliveries">The number of messages that were enqueued, counted once for each member.</param>
/// <param name="Failure">The first exception of a member; null if there was none.</param>
internal readonly record struct FanOutResult(int Deliveries, Exception? Failure = null);
