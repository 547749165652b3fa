namespace ChatKit.Rooms;

/// <summary>A connection's membership in a room.</summary>
/// <param name="Room">The room.</param>
/// <param name="Member">The member.</param>
/// <param name="Starting">Cancels a start in the background; null if the start is awaited.</param>
internal readonly record struct RoomMembership(Room Room, RoomMember Member, CancellationTokenSource? Starting = null)
{
    /// <inheritdoc cref="Room.StartAsync"/>
    public ValueTask StartAsync(CancellationToken cancellationToken = default) => Room.StartAsync(Member, cancellationToken);

    public void Leave()
    {
        Room.Remove(Member);
        Starting?.Cancel();
    }
}

internal static class RoomMemberships
{
    /// <summary>Finds the membership in a room.</summary>
    public static RoomMembership? Find(this List<RoomMembership> memberships, string room)
    {
        foreach (var membership in memberships)
        {
            if (membership.Room.Name == room)
                return membership;
        }

        return null;
    }
}
