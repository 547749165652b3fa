namespace ChatKit.Rooms;

/// <summary>A connection's membership in a room.</summary>
internal readonly record struct RoomMembership(Room Room, RoomMember Member)
{
    /// <inheritdoc cref="Room.StartAsync"/>
    public ValueTask StartAsync(CancellationToken cancellationToken = default) => Room.StartAsync(Member, cancellationToken);

    public void Leave() => Room.Remove(Member);
}
