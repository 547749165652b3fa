using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms.Presence;

/// <summary>Stores who joins and leaves rooms on this node, and announces it. Logs a failure.</summary>
internal sealed class PresenceWriter(IPresenceStore store, IBackplane backplane, ILogger logger)
{
    /// <summary>Stores and announces that a member is in a room. Returns whether both were done.</summary>
    /// <param name="key">The member.</param>
    /// <param name="data">Its data, as JSON; null if it has none.</param>
    /// <param name="lifetime">How long the entry is valid if it is not renewed.</param>
    /// <param name="onStored">Called when the member is stored.</param>
    public Task<bool> EnterAsync(PresenceKey key, string? data, TimeSpan lifetime, Action onStored) => TryAsync(async () =>
    {
        await store.EnterAsync(key.Room, [new MemberData(key.Member, data)], lifetime).ConfigureAwait(false);
        onStored();
        var described = data is null ? null : new Dictionary<string, string> { [key.Member] = data };
        await AnnounceAsync(key, new PresenceEvent(PresenceChange.Joined, [key.Member], described)).ConfigureAwait(false);
    });

    /// <summary>Removes a member from the store, and announces it if the member is not in the room on any other node.</summary>
    public Task<bool> LeaveAsync(PresenceKey key) => TryAsync(async () =>
    {
        if (await store.LeaveAsync(key.Room, key.Member).ConfigureAwait(false))
            await AnnounceAsync(key, new PresenceEvent(PresenceChange.Left, [key.Member])).ConfigureAwait(false);
    });

    /// <summary>Stores the members of a room again.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="members">The members.</param>
    /// <param name="lifetime">How long the entries are valid if they are not renewed.</param>
    /// <param name="onStored">Called with the number of members that the store did not have.</param>
    public Task<bool> RenewAsync(string room, IReadOnlyCollection<MemberData> members, TimeSpan lifetime, Action<int> onStored) =>
        TryAsync(async () => onStored(await store.EnterAsync(room, members, lifetime, isRenewal: true).ConfigureAwait(false)));

    private ValueTask AnnounceAsync(PresenceKey key, PresenceEvent change) => backplane.AnnounceAsync(key.Room, Announcement.Encode(change));

    private async Task<bool> TryAsync(Func<ValueTask> action)
    {
        try
        {
            await action().ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            // The next renewal stores a member that has joined. A member that has left is not renewed, and expires.
            var level = LogLevels.Of(e);
            logger.PresenceFailed(level, e);
            return false;
        }
    }
}
