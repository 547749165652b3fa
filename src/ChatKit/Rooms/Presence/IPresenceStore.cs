namespace ChatKit.Rooms.Presence;

/// <summary>Stores who is in which room, for all nodes. A member is in a room while any node says so.</summary>
internal interface IPresenceStore : IRoomPresence
{
    /// <summary>
    /// Records that members are in a room on this node, and their data, if they have some. The caller must repeat this before the lifetime ends.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="members">The members.</param>
    /// <param name="lifetime">How long the entry is valid if it is not renewed.</param>
    /// <param name="isRenewal">Whether the data was stored before. It is then stored only if the store has lost it.</param>
    /// <returns>The number of members that were not stored for this node before.</returns>
    ValueTask<int> EnterAsync(string room, IReadOnlyCollection<MemberData> members, TimeSpan lifetime, bool isRenewal = false);

    /// <summary>Removes a member of this node from a room. Returns true if the member is not in the room on any other node.</summary>
    ValueTask<bool> LeaveAsync(string room, string member);

    /// <summary>Lists who is in a room, with their data.</summary>
    ValueTask<IReadOnlyCollection<MemberData>> ReadAsync(string room, CancellationToken cancellationToken = default);

    async ValueTask<IReadOnlyCollection<PresentMember>> IRoomPresence.ListMembersAsync(string room, CancellationToken cancellationToken) =>
        [.. (await ReadAsync(room, cancellationToken).ConfigureAwait(false)).Select(static member => member.ToPublic())];
}
