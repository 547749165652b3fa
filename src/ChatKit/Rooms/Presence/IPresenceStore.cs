namespace ChatKit.Rooms.Presence;

/// <summary>Keeps who is in which room, for all nodes. A member is there as long as any node says so.</summary>
internal interface IPresenceStore : IRoomPresence
{
    /// <summary>Says that members are in a room on this node. To be said again before the lifetime is over.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="members">Who they are.</param>
    /// <param name="lifetime">For how long that holds if it is not said again.</param>
    /// <returns>Of how many it was not known that they are there on this node.</returns>
    ValueTask<int> EnterAsync(string room, IReadOnlyCollection<string> members, TimeSpan lifetime);

    /// <summary>Says that a member is not in a room on this node any more. True if it is not there on any other.</summary>
    ValueTask<bool> LeaveAsync(string room, string member);
}
