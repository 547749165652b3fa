using ChatKit.Rooms.Events;
using ChatKit.Rooms.Presence;

namespace ChatKit.Rooms;

/// <summary>
/// Who is in the room, on all nodes, as far as this node has heard. Who comes and goes is announced through the backplane; what that
/// loses is found by the room's check.
/// </summary>
internal sealed partial class Room
{
    /// <summary>One until all nodes have noticed, and one more for what they then say to arrive.</summary>
    private const int ChecksUntilRestored = 2;

    /// <summary>Null as long as nobody has asked.</summary>
    private HashSet<string>? _here;

    /// <summary>The frame that says who is here, as long as that is so: in a large room it is long, and asked for by many.</summary>
    private byte[]? _hereFrame;

    private bool _refreshing;

    /// <summary>Who of this node was in the store when it was read last.</summary>
    private HashSet<string> _storedHere = [];

    /// <summary>How many more checks believe the store in nothing but who is there: it has lost some, and the nodes say so again.</summary>
    private int _distrust;

    /// <summary>Counts what was announced: whoever reads the store meanwhile has read something old.</summary>
    private int _announcements;

    /// <summary>To be called under the lock.</summary>
    private bool TracksPresence => _members.Any(member => PresenceOf(member) is not null);

    /// <summary>What a member counts as; null if it does not count. The room of a user has no other members.</summary>
    private PresenceKey? PresenceOf(RoomMember member) =>
        member.Client.PresentAs is { } name && !RoomName.IsOfUser(Name) ? new PresenceKey(Name, name) : null;

    /// <summary>A member is live. The first that counts makes the room learn who is there.</summary>
    public void LearnPresence(RoomMember member)
    {
        if (PresenceOf(member) is null)
            return;
        lock (_gate)
        {
            if (_here is not null)
                return;
        }

        _ = RefreshPresenceAsync();
    }

    /// <summary>
    /// Learns who is here, and tells what has changed. Tells nobody anything if somebody comes or goes at the same time, whose
    /// announcement tells that; unless nothing is known yet.
    /// </summary>
    public async Task RefreshPresenceAsync()
    {
        // One at a time, so that no older list is taken over after a newer one.
        lock (_gate)
        {
            if (_refreshing)
                return;
            _refreshing = true;
        }

        try
        {
            bool outdated;
            do
            {
                int before;
                lock (_gate)
                    before = _announcements;
                var here = await services.Presence.ListAsync(Name).ConfigureAwait(false);
                lock (_gate)
                {
                    outdated = before != _announcements && _here is null;
                    if (before == _announcements)
                        LearnPresence(here);
                }
            }
            while (outdated);
        }
        catch (Exception e)
        {
            // The next check tries again.
            var level = RoomLog.LevelOf(e);
            services.Logger.PresenceFailed(level, e);
        }
        finally
        {
            lock (_gate)
                _refreshing = false;
        }
    }

    /// <summary>Takes over what the store says, and those of this node, of whom it may not have heard yet. To be called under the lock.</summary>
    private void LearnPresence(IReadOnlyCollection<string> stored)
    {
        var own = _members.Select(member => PresenceOf(member)?.Member).OfType<string>().ToHashSet();
        var here = stored.Union(own).ToHashSet();
        NoticeLoss(stored, own);
        if (_here is null)
        {
            _here = here;
            FanOut(new PresenceEvent(PresenceChange.Here, [.. here]));
            return;
        }

        TellPresence(PresenceChange.Joined, [.. here.Where(_here.Add)]);
        if (_distrust > 0)
            return;
        var left = _here.Except(here).ToList();
        _here.ExceptWith(left);
        TellPresence(PresenceChange.Left, left);
    }

    /// <summary>
    /// If somebody of this node was in the store, is here, and is in the store no more, then the store has lost them, such as by evicting
    /// the key; and those of other nodes as well. Within one interval every node notices and says again who is there. To be called under the
    /// lock.
    /// </summary>
    private void NoticeLoss(IReadOnlyCollection<string> stored, HashSet<string> own)
    {
        _distrust = Math.Max(0, _distrust - 1);
        var ownStored = own.Intersect(stored).ToHashSet();
        if (services.Tracker.WasLost(Name))
            _distrust = ChecksUntilRestored;
        if (own.Any(member => _storedHere.Contains(member) && !ownStored.Contains(member)))
        {
            _distrust = ChecksUntilRestored;
            services.Tracker.Restore(Name);
        }

        _storedHere = ownStored;
    }

    /// <summary>Somebody has come or gone. To be called under the lock.</summary>
    private void HearPresence(PresenceEvent notice)
    {
        _announcements++;
        if (_here is not null)
            TellPresence(notice.Change, [.. notice.Members.Where(notice.Change == PresenceChange.Joined ? _here.Add : _here.Remove)]);
    }

    /// <summary>To be called under the lock.</summary>
    private void TellPresence(PresenceChange change, List<string> members)
    {
        if (members.Count == 0)
            return;
        _hereFrame = null;
        FanOut(new PresenceEvent(change, members));
    }

    /// <summary>
    /// A member comes. The others are notified at once, and not only when the announcement comes back: so the member finds itself among those
    /// who are here, and is not announced to itself. To be called under the lock, before the member is sent anything.
    /// </summary>
    private void BeginPresence(RoomMember member)
    {
        if (_here is not null && PresenceOf(member) is { Member: var name } && _here.Add(name))
            TellPresence(PresenceChange.Joined, [name]);
    }

    /// <summary>The frame that says who is here. To be called under the lock, and only if it is known.</summary>
    private byte[] HereFrame() => _hereFrame ??= new PresenceEvent(PresenceChange.Here, [.. _here!]).Frame(Name);

    /// <summary>Takes note that a member, whose queue is full, has not heard who has come or gone.</summary>
    private void MissPresence(RoomMember member, ReadOnlySpan<RoomItem> refused)
    {
        if (!member.SpeaksV1)
            return;
        foreach (var message in refused)
        {
            if (message.Notice is not PresenceEvent)
                continue;
            lock (_gate)
                member.LacksPresence = true;
            return;
        }
    }

    /// <summary>Tries again to tell those who are live and have missed it. To be called under the lock.</summary>
    private void TellThoseWhoLackPresence()
    {
        foreach (var member in _members)
        {
            if (member is { LacksPresence: true, State: MemberState.Live })
                TryTellLive(member, _accepted.GetValueOrDefault());
        }
    }
}
