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

    /// <summary>The number of checks after which the list of a large room is read again, even if its number of members is as expected.</summary>
    private const int ChecksUntilRead = 30;

    /// <summary>A difference of one in this many members is not worth reading the list of a large room again.</summary>
    private const int Tolerance = 100;

    /// <summary>Null until the first list is read.</summary>
    private PresenceList? _here;

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
            return room.Members.Any(member => KeyOf(member.Client) is not null);
        }
    }

    /// <summary>The key under which a member is listed; null if it is not. A user's own room lists no members.</summary>
    public PresenceKey? KeyOf(IRoomClient member) =>
        member.PresentAs is { } name && !RoomName.IsOfUser(room.Name) ? new PresenceKey(room.Name, name) : null;

    /// <summary>Reads who is here if a member that has gone live is the first to be listed.</summary>
    public void OnLive(RoomMember member)
    {
        if (KeyOf(member.Client) is null)
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
            if (await IsAsExpectedAsync().ConfigureAwait(false))
                return;
            bool isOutdated;
            do
            {
                await services.Tracker.Renewal.ConfigureAwait(false);
                int before;
                lock (room.Gate)
                    before = _announcements;
                var here = await services.Presence.ReadAsync(room.Name).ConfigureAwait(false);

                // One that has begun meanwhile may have stored again what was lost before it was read, and must have recorded that too.
                await services.Tracker.Renewal.ConfigureAwait(false);
                lock (room.Gate)
                {
                    isOutdated = before != _announcements && _here is null;
                    if (before == _announcements)
                        Update(here);
                    else
                        (_storedHere ??= []).UnionWith(OwnMembers().Intersect(here.Select(static member => member.Id)));
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
    /// receive its own announcement. The caller must do this before it sends the member anything. Data of a member that is on the list already
    /// comes with the announcement: one that is older may still be on its way.
    /// </summary>
    public void Add(RoomMember member)
    {
        room.Gate.AssertHeld();
        if (KeyOf(member.Client) is { Member: var name } && _here?.Members.Contains(name) == false)
            Set([new MemberData(name, member.Client.PresenceData)]);
    }

    /// <summary>Handles a join or leave on any node.</summary>
    public void OnAnnounced(PresenceEvent change)
    {
        room.Gate.AssertHeld();
        _announcements++;
        if (_here is null)
            return;
        if (change.Change == PresenceChange.Joined)
            Set(change.Members.Select(member => new MemberData(member, change.Data?.GetValueOrDefault(member))));
        else
            Notify(PresenceChange.Left, [.. change.Members.Where(_here.Remove)]);
    }

    /// <summary>The frame that lists or counts who is here, if that is known.</summary>
    public byte[] Frame()
    {
        room.Gate.AssertHeld();
        return _here is null ? [] : _here.Frame ??= ChatKitV1.V1Frames.Presence(room.Name, _here.Whole());
    }

    /// <summary>Updates the list from the store, and with the members of this node, which the store may not list yet.</summary>
    private void Update(IReadOnlyCollection<MemberData> stored)
    {
        room.Gate.AssertHeld();
        var own = OwnMembers();
        var here = stored.Select(static member => member.Id).ToHashSet();
        FindLoss(here, own);
        var described = stored.Where(static member => member.Json is not null).Select(static member => member.Id).ToHashSet();
        var unstored = own.Where(id => !described.Contains(id))
            .Select(id => new MemberData(id, services.Tracker.DataOf(new PresenceKey(room.Name, id))));
        here.UnionWith(own);
        if (_here is null)
        {
            _here = new PresenceList(services.PresenceListLimit);
            foreach (var (id, json) in stored.Concat(unstored))
                _here.Set(id, json);
            _here.UpdateIsLarge();
            room.Queue.Add(new RoomItem(_here.Whole()));
            return;
        }

        Set(stored.Concat(unstored));
        if (_distrust == 0)
            Notify(PresenceChange.Left, [.. _here.Members.Where(id => !here.Contains(id)).ToList().Where(_here.Remove)]);
    }

    /// <summary>Adds members, or changes their data, and notifies the members of the room.</summary>
    private void Set(IEnumerable<MemberData> members)
    {
        List<string> joined = [], changed = [];
        foreach (var (id, json) in members)
        {
            switch (_here!.Set(id, json))
            {
                case PresenceChange.Joined:
                    joined.Add(id);
                    break;
                case PresenceChange.Changed:
                    changed.Add(id);
                    break;
            }
        }

        Notify(PresenceChange.Joined, joined);
        Notify(PresenceChange.Changed, changed);
    }

    /// <summary>
    /// Whether a large room has as many members as this node expects. Its list is long, so it is read only if not, and now and then.
    /// </summary>
    private async ValueTask<bool> IsAsExpectedAsync()
    {
        lock (room.Gate)
        {
            if (_here is not { IsLarge: true } || ++_here.ChecksSinceRead % ChecksUntilRead == 0)
                return false;
        }

        var count = await services.Presence.CountAsync(room.Name).ConfigureAwait(false);
        lock (room.Gate)
            return Math.Abs(count - _here.Count) <= _here.Count / Tolerance;
    }

    /// <summary>
    /// Detects a loss of the store. If a member of this node was in the store, is here, and is no longer in the store, the store has lost
    /// it, such as by evicting the key, and the members of other nodes with it. Within one interval every node detects that, and stores its
    /// members again.
    /// </summary>
    private void FindLoss(HashSet<string> stored, HashSet<string> own)
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
    private HashSet<string> OwnMembers() => room.Members.Select(member => KeyOf(member.Client)?.Member).OfType<string>().ToHashSet();

    /// <summary>Notifies the members of the room of a change of the list, or, in a large room, of the number of members.</summary>
    private void Notify(PresenceChange change, List<string> members)
    {
        if (members.Count == 0)
            return;
        var hasTurned = _here!.UpdateIsLarge();
        if (_here.IsLarge)
            NotifyCount();
        else
            room.Queue.Add(new RoomItem(hasTurned ? _here.Whole() : _here.EventOf(change, members)));
    }

    private void NotifyCount()
    {
        room.Gate.AssertHeld();
        _here!.Notice ??= new CountNotice(services.Clock, OnCountDue);
        if (_here.Notice.TryTake(_here.Count))
            room.Queue.Add(new RoomItem(_here.Whole()));
    }

    private void OnCountDue()
    {
        lock (room.Gate)
        {
            _here!.Notice!.OnDue();
            if (_here.IsLarge && !room.IsClosed)
                NotifyCount();
        }
    }
}
