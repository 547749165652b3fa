namespace ChatKit.Rooms.Events;

/// <summary>Lists who is in a room, or who has joined, left or changed; or says only how many are in the room.</summary>
/// <param name="Change">What the event says.</param>
/// <param name="Members">The members; empty if the event says how many there are.</param>
/// <param name="Data">The data, as JSON, of those members that have some; null if none has.</param>
/// <param name="Count">The number of members, if the event says how many there are.</param>
internal sealed record PresenceEvent(
    PresenceChange Change, IReadOnlyList<string> Members, IReadOnlyDictionary<string, string>? Data = null, int Count = 0) : RoomEvent;

/// <summary>The meaning of the members in a presence frame.</summary>
internal enum PresenceChange
{
    /// <summary>The members are all who are in the room.</summary>
    Here,

    Joined,

    Left,

    /// <summary>The members have new data.</summary>
    Changed,

    /// <summary>The room has too many members for a list.</summary>
    Count,
}
