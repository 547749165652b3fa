using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms.Reads;

/// <summary>Moves the users' cursors, and announces the moves.</summary>
internal sealed class ReadCursors(IReadStore store, IBackplane backplane, ILogger<ReadCursors> logger)
{
    /// <summary>Moves a user's cursor. Does nothing if it is further already.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="user">The user's ID.</param>
    /// <param name="to">The position up to which the user has read the room.</param>
    /// <param name="isShared">Whether all members of the room are notified, and not only the user's own clients.</param>
    /// <returns>False if the cursor could not be stored.</returns>
    public async Task<bool> TryMoveAsync(string room, string user, MessagePosition to, bool isShared)
    {
        MessagePosition? moved;
        try
        {
            moved = await store.MoveAsync(room, user, to).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var level = LogLevels.Of(e);
            logger.ReadFailed(level, room, e);
            return false;
        }

        if (moved is { } cursor)
            await AnnounceAsync(isShared ? room : RoomName.OfUser(user), new ReadEvent(room, user, cursor)).ConfigureAwait(false);
        return true;
    }

    private async Task AnnounceAsync(string to, ReadEvent read)
    {
        try
        {
            await backplane.AnnounceAsync(to, Announcement.Encode(read)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            logger.ReadNotAnnounced(read.Room, e);
        }
    }
}
