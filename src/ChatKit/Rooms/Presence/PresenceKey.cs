namespace ChatKit.Rooms.Presence;

/// <summary>A member of a room: a user's ID, or the ID of a connection without a user.</summary>
internal readonly record struct PresenceKey(string Room, string Member);
