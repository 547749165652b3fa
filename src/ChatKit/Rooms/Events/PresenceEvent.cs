
namespace ChatKit.Rooms.Events;

/// <summary>Lists who is in a room, or who has joined or left.</summary>
internal sealed record PresenceEvent(PresenceChange Change, IReadOnlyList<string> Members) : RoomEvent;

/// <summary>The meaning of the members in a presence frame.</summary>
internal enum PresenceChange
{
    /// <summary>The members are all who are in the room.</summary>
    Here,

    Joined,

    Left,
}
