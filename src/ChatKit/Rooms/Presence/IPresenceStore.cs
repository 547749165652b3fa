namespace ChatKit.Rooms.Presence;

/// <summary>Stores who is in which room, for all nodes. A member is in a room while any node says so.</summary>
internal interface IPresenceStore : IRoomPresence
{
    /// <summary>Records that members are in a room on this node. The caller must repeat this before the lifetime ends.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="members">The members.</param>
    /// <param name="lifetime">How long the entry is valid if it is not renewed.</param>
    /// <returns>The number of members that were not stored for this node before.</returns>
    ValueTask<int> EnterAsync(string room, IReadOnlyCollection<string> members, TimeSpan lifetime);

    /// <summary>Removes a member of this node from a room. Returns true if the member is not in the room on any other node.</summary>
    ValueTask<bool> LeaveAsync(string room, string member);
}
