namespace ChatKit.Rooms.Events;

/// <summary>An event that a room delivers in place of a message, so that it has its place in the order of the messages.</summary>
internal abstract record RoomEvent;
