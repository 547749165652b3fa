namespace ChatKit.Rooms;

/// <summary>That a connection is in a room.</summary>
internal sealed record RoomMembership(RoomRegistry Rooms, Room Room, RoomMember Member)
{
    /// <summary>
    /// Makes the member hear the room. When this has returned, what is stored was enqueued for the client and it is live; or
    /// the history is unavailable, and that follows as soon as it is back.
    /// </summary>
    public async ValueTask StartAsync()
    {
        await Room.SubscribeAsync().ConfigureAwait(false);
        if (Member.Replay > 0)
            await Room.CatchUpAsync(Member).ConfigureAwait(false);
        else
            await Room.BeginLiveAsync(Member).ConfigureAwait(false);
        Room.LearnPresence(Member);
    }

    public void Leave() => Rooms.Leave(Room, Member);
}
