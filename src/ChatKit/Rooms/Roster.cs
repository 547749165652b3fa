using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;
using ChatKit.Rooms.Presence;

namespace ChatKit.Rooms;

/// <summary>
/// Who is in the room, on all nodes, as far as this node knows. The backplane announces who joins and leaves; the room's check finds what the
/// backplane loses.
/// </summary>
internal sealed class Roster(RoomState room, RoomServices services)
{
    /// <summary>One check until all nodes have noticed, and one more for what they then store to arrive.</summary>
    private const int ChecksUntilRestored = 2;

    /// <summary>Null until the first list was read.</summary>
    private HashSet<string>? _here;

    /// <summary>The frame that lists who is here, until that changes: it is long in a large room, and many members need it.</summary>
    private byte[]? _hereFrame;

    private bool _isRefreshing;

    /// <summary>Which members of this node were in the store when it was last read.</summary>
    private HashSet<string> _storedHere = [];

    /// <summary>For how many more checks a member that the store does not list is kept: the store has lost some, and the nodes store them again.</summary>
    private int _distrust;

    /// <summary>Counts the announcements: a list that was read meanwhile is outdated.</summary>
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

    /// <summary>Whether it is known who is here.</summary>
    public bool IsKnown => _here is not null;

    /// <summary>As what a member is listed; null if it is not. A user's own room lists nobody.</summary>
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
    /// Reads who is here, and notifies the members of what has changed. Changes nothing if somebody joins or leaves at the same time, which is
    /// announced; unless nothing is known yet.
    /// </summary>
    public async Task RefreshAsync()
    {
        // One at a time, so that an older list never replaces a newer one.
        lock (room.Gate)
        {
            if (_isRefreshing)
                return;
            _isRefreshing = true;
        }

        try
        {
            bool isOutdated;
            do
            {
                int before;
                lock (room.Gate)
                    before = _announcements;
                var here = await services.Presence.ListAsync(room.Name).ConfigureAwait(false);
                lock (room.Gate)
                {
                    isOutdated = before != _announcements && _here is null;
                    if (before == _announcements)
                        Update(here);
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
        finally
        {
            lock (room.Gate)
                _isRefreshing = false;
        }
    }

    /// <summary>
    /// Adds a member. The others are notified at once, not only when the announcement comes back: so the member finds itself on the list, and is
    /// not announced to itself. To be called before the member is sent anything.
    /// </summary>
    public void Add(RoomMember member)
    {
        room.Gate.AssertHeld();
        if (_here is not null && KeyOf(member) is { Member: var name } && _here.Add(name))
            Notify(PresenceChange.Joined, [name]);
    }

    /// <summary>Somebody has joined or left, on any node.</summary>
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

    /// <summary>Takes over what the store lists, and the members of this node, which it may not list yet.</summary>
    private void Update(IReadOnlyCollection<string> stored)
    {
        room.Gate.AssertHeld();
        var own = room.Members.Select(member => KeyOf(member)?.Member).OfType<string>().ToHashSet();
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
    /// If a member of this node was in the store, is here, and is no longer in the store, then the store has lost it, such as by evicting the key;
    /// and with it the members of other nodes. Within one interval every node finds that out, and stores its members again.
    /// </summary>
    private void FindLoss(IReadOnlyCollection<string> stored, HashSet<string> own)
    {
        _distrust = Math.Max(0, _distrust - 1);
        if (services.Tracker.WasLost(room.Name))
            _distrust = ChecksUntilRestored;
        var ownStored = own.Intersect(stored).ToHashSet();
        if (own.Any(member => _storedHere.Contains(member) && !ownStored.Contains(member)))
        {
            _distrust = ChecksUntilRestored;
            services.Tracker.Restore(room.Name);
        }

        _storedHere = ownStored;
    }

    private void Notify(PresenceChange change, List<string> members)
    {
        if (members.Count == 0)
            return;
        _hereFrame = null;
        room.Queue.Add(new RoomItem(new PresenceEvent(change, members)));
    }
}
