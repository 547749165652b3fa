namespace ChatKit.Rooms;

/// <summary>Identifies the signals of which a member needs only the latest.</summary>
/// <param name="Room">The room's name.</param>
/// <param name="ConnectionId">The connection that has sent the signal; null for the application.</param>
/// <param name="Name">The signal's name.</param>
internal sealed record SignalKey(string Room, string? ConnectionId, string Name);
