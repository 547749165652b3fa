namespace ChatKit.Rooms.Events;

/// <summary>
/// A user has read a room up to a position. Announced in the room if all members are notified, otherwise in the user's own room.
/// </summary>
/// <param name="Room">The name of the room that was read.</param>
/// <param name="User">The user's ID.</param>
/// <param name="Position">The user's cursor.</param>
internal sealed record ReadEvent(string Room, string User, MessagePosition Position) : RoomEvent;
