
namespace ChatKit.Rooms.Events;

/// <summary>Who is in a room, or has come or gone.</summary>
internal sealed record PresenceEvent(PresenceChange Change, IReadOnlyList<string> Members) : RoomEvent;

/// <summary>What a presence frame tells of the members in it.</summary>
internal enum PresenceChange
{
    /// <summary>They are all who are there.</summary>
    Here,

    Joined,

    Left,
}
