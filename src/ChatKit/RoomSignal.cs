namespace ChatKit;

/// <summary>
/// A signal that a client has sent, such as that its user is typing. It is passed on by <see cref="WebSocketHandler.SignalAsync"/>, and never
/// stored.
/// </summary>
/// <param name="Room">The room that the client has addressed, which it is in.</param>
/// <param name="Name">The signal's name, 1 to 32 characters.</param>
/// <param name="Data">The signal's data, at most 1 KiB of UTF-8; null if it has none.</param>
public sealed record RoomSignal(string Room, string Name, string? Data);
