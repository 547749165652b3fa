using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;
using ChatKit.Rooms.Presence;

namespace ChatKit.Rooms;

/// <summary>
/// Who is in the room, on all nodes, as far as this node knows. The backplane announces joins and leaves. The room's check finds the ones
/// that the backplane loses.
/// </summary>
internal sealed class Roster(RoomState room, RoomServices services)
{
    /// <summary>One check until all nodes have detected the loss, and one until the members that they then store arrive.</summary>
    private const int ChecksUntilRestored = 2;

    /// <summary>Null until the first list is read.</summary>
    private HashSet<string>? _here;

    /// <summary>The frame that lists who is here, cached until that changes: it is long in a large room, and many members need it.</summary>
    private byte[]? _hereFrame;

    /// <summary>The read that is in progress, or the last one.</summary>
    private Task _read = Task.CompletedTask;

    /// <summary>The read that starts after it; null if none is requested.</summary>
    private Task? _nextRead;

    /// <summary>The members of this node that were in the store when it was last read.</summary>
    private HashSet<string>? _storedHere;

    /// <summary>
    /// The number of further checks for which members that the store does not list are kept: the store has lost some, and the nodes store
    /// them again.
    /// </summary>
    private int _distrust;

    /// <summary>The number of announcements. A list is outdated if this has changed while it was read.</summary>
    private int _announcements;

    /// <summary>Whether a member of this node is listed.</summary>
    public bool IsTracked
    {
        get
        {
            room.Gate.AssertHeld();
            return room.Members.Any(member => KeyOf(member) is not null);
        }
    }

    /// <summary>The key under which a member is listed; null if it is not. A user's own room lists no members.</summary>
    public PresenceKey? KeyOf(RoomMember member) =>
        member.Client.PresentAs is { } name && !RoomName.IsOfUser(room.Name) ? new PresenceKey(room.Name, name) : null;

    /// <summary>Reads who is here if a member that has gone live is the first to be listed.</summary>
    public void OnLive(RoomMember member)
    {
        if (KeyOf(member) is null)
            return;
        lock (room.Gate)
        {
            if (_here is not null)
                return;
        }

        _ = RefreshAsync();
    }

    /// <summary>
    /// Reads who is here, and notifies the members of changes. Changes nothing if somebody joins or leaves at the same time, which is announced;
    /// unless nothing is known yet. All callers that arrive while a read is in progress share the next one, which starts after their calls.
    /// </summary>
    public Task RefreshAsync()
    {
        lock (room.Gate)
            return _nextRead ??= ReadAfterAsync(_read);
    }

    private async Task ReadAfterAsync(Task previous)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        lock (room.Gate)
            (_read, _nextRead) = (_nextRead!, null);
        try
        {
            bool isOutdated;
            do
            {
                await services.Tracker.Renewal.ConfigureAwait(false);
                int before;
                lock (room.Gate)
                    before = _announcements;
                var here = await services.Presence.ListAsync(room.Name).ConfigureAwait(false);
                lock (room.Gate)
                {
                    isOutdated = before != _announcements && _here is null;
                    if (before == _announcements)
                        Update(here);
                    else
                        (_storedHere ??= []).UnionWith(OwnMembers().Intersect(here));
                }
            }
            while (isOutdated);
        }
        catch (Exception e)
        {
            // The next check tries again.
            var level = LogLevels.Of(e);
            services.Logger.PresenceFailed(level, e);
        }
    }

    /// <summary>
    /// Adds a member. Notifies the others at once, before the announcement comes back. So the member finds itself on the list, and does not
    /// receive its own announcement. The caller must do this before it sends the member anything.
    /// </summary>
    public void Add(RoomMember member)
    {
        room.Gate.AssertHeld();
        if (_here is not null && KeyOf(member) is { Member: var name } && _here.Add(name))
            Notify(PresenceChange.Joined, [name]);
    }

    /// <summary>Handles a join or leave on any node.</summary>
    public void OnAnnounced(PresenceEvent change)
    {
        room.Gate.AssertHeld();
        _announcements++;
        if (_here is not null)
            Notify(change.Change, [.. change.Members.Where(change.Change == PresenceChange.Joined ? _here.Add : _here.Remove)]);
    }

    /// <summary>The frame that lists who is here, if that is known.</summary>
    public byte[] Frame()
    {
        room.Gate.AssertHeld();
        if (_here is null)
            return [];
        return _hereFrame ??= ChatKitV1.V1Frames.Presence(room.Name, new PresenceEvent(PresenceChange.Here, [.. _here]));
    }

    /// <summary>Updates the list from the store, and with the members of this node, which the store may not list yet.</summary>
    private void Update(IReadOnlyCollection<string> stored)
    {
        room.Gate.AssertHeld();
        var own = OwnMembers();
        var here = stored.Union(own).ToHashSet();
        FindLoss(stored, own);
        if (_here is null)
        {
            _here = here;
            room.Queue.Add(new RoomItem(new PresenceEvent(PresenceChange.Here, [.. here])));
            return;
        }

        Notify(PresenceChange.Joined, [.. here.Where(_here.Add)]);
        if (_distrust > 0)
            return;
        var left = _here.Except(here).ToList();
        _here.ExceptWith(left);
        Notify(PresenceChange.Left, left);
    }

    /// <summary>
    /// Detects a loss of the store. If a member of this node was in the store, is here, and is no longer in the store, the store has lost
    /// it, such as by evicting the key, and the members of other nodes with it. Within one interval every node detects that, and stores its
    /// members again.
    /// </summary>
    private void FindLoss(IReadOnlyCollection<string> stored, HashSet<string> own)
    {
        _distrust = Math.Max(0, _distrust - 1);
        if (services.Tracker.WasLost(room.Name))
            _distrust = ChecksUntilRestored;
        var ownStored = own.Intersect(stored).ToHashSet();
        if (_storedHere is { } before && own.Any(member => before.Contains(member) && !ownStored.Contains(member)))
        {
            _distrust = ChecksUntilRestored;
            services.Tracker.Restore(room.Name);
        }

        _storedHere = ownStored;
    }

    /// <summary>Who of this node is in the room.</summary>
    private HashSet<string> OwnMembers() => room.Members.Select(member => KeyOf(member)?.Member).OfType<string>().ToHashSet();

    private void Notify(PresenceChange change, List<string> members)
    {
        if (members.Count == 0)
            return;
        _hereFrame = null;
        room.Queue.Add(new RoomItem(new PresenceEvent(change, members)));
    }
}
