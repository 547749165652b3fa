using ChatKit.Rooms;

namespace ChatKit.Connections;

/// <content>Starts memberships, in the foreground or in the background.</content>
internal sealed partial class ConnectionRooms
{
    /// <summary>
    /// Starts a membership. Ends it if that fails or is canceled, so that the next attempt is not ignored as a second join.
    /// </summary>
    private async ValueTask StartAsync(RoomMembership membership, CancellationToken cancellationToken)
    {
        try
        {
            await membership.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            TryAbandon(membership);
            throw;
        }
    }

    private async Task StartInBackgroundAsync(RoomMembership membership)
    {
        try
        {
            await membership.StartAsync(membership.Starting!.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // If the client has left the room, nobody waits for it.
            if (TryAbandon(membership))
                connection.OnJoinFailed(membership.Room.Name, e);
        }
    }

    /// <summary>
    /// Ends a membership that could not be started. A client that has resumed and missed nothing then resumes from where this attempt has
    /// stopped. Returns false if the membership has ended before.
    /// </summary>
    private bool TryAbandon(RoomMembership membership)
    {
        bool isRemoved;
        lock (_memberships)
        {
            isRemoved = _memberships.Remove(membership);
            if (isRemoved && membership.Member is { Recovered: true, Position: { } cursor })
                _resumeAfter.TryAdd(membership.Room.Name, cursor);
        }

        membership.Leave();
        return isRemoved;
    }
}
