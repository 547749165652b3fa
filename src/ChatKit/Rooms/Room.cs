using System.Diagnostics.CodeAnalysis;
using ChatKit.ChatKitV1;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// A room on this node: who is in it, and up to where they have heard. Messages come from the backplane and are delivered strictly
/// by position; what the backplane lost is read from history.
/// </summary>
/// <remarks>
/// One lock guards all state. It is never held across an await. A member that goes live is given what it lacks under the lock,
/// which may begin a write, but never waits for one.
/// </remarks>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Nobody asks for its wait handle.")]
internal sealed partial class Room(string name, RoomServices services) : IBackplaneSubscriber
{
    private readonly Lock _gate = new();
    private readonly HashSet<RoomMember> _members = [];
    private int _waiting;
    private bool _closed;
    private bool _filling;
    private bool _hasUnreadable;
    private Task<IAsyncDisposable>? _subscription;

    /// <summary>The last position that was accepted for delivery; null as long as none is known.</summary>
    private MessagePosition? _accepted;

    /// <summary>The last position announced by the backplane that could not be accepted, because those before it are missing.</summary>
    private MessagePosition _announced;

    public string Name { get; } = name;

    /// <summary>Adds a member. False if the room has closed because its last member left: the caller takes a new one.</summary>
    public bool TryAdd(RoomMember member)
    {
        lock (_gate)
        {
            if (_closed)
                return false;

            _members.Add(member);
            member.AwaitsLive &= !RoomName.IsOfUser(Name);
            BeginPresence(member);

            // Whoever is given nothing stored is live at once, and must not take what comes from now on for something old.
            if (member.Replay == 0)
                TryTellLive(member, _accepted.GetValueOrDefault());
            SetState(member, member.Replay > 0 ? MemberState.CatchingUp : MemberState.Live);
        }

        if (PresenceOf(member) is { } present)
            services.Tracker.Enter(present);
        return true;
    }

    /// <summary>Removes a member. True if it was the last, and the room has closed.</summary>
    public bool RemoveAndCloseIfEmpty(RoomMember member)
    {
        lock (_gate)
        {
            if (!_members.Remove(member))
                return false;

            SetState(member, MemberState.Outside);
            _closed = _members.Count == 0;
        }

        if (PresenceOf(member) is { } present)
            services.Tracker.Leave(present);
        return _closed;
    }

    /// <summary>
    /// Subscribes to the backplane, once for all members; again if the last try failed. Not if all have left meanwhile: nobody
    /// would end the subscription.
    /// </summary>
    public Task SubscribeAsync()
    {
        lock (_gate)
        {
            if (_closed)
                return Task.CompletedTask;
            if (_subscription is null or { IsFaulted: true } or { IsCanceled: true })
                _subscription = services.Backplane.SubscribeAsync(Name, this).AsTask();
            return _subscription;
        }
    }

    public async Task UnsubscribeAsync()
    {
        try
        {
            if (_subscription is { IsFaulted: false, IsCanceled: false } subscribing)
                await (await subscribing.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            services.Logger.UnsubscribeFailed(Name, e);
        }
    }

    public void OnMessage(ChatMessage message)
    {
        lock (_gate)
        {
            if (!(IsTooMuch ? AnnounceOnly(message) : AcceptOrAnnounce(message)))
                return;
        }

        _ = FillAsync();
    }

    public void OnAnnouncement(ReadOnlyMemory<byte> announcement)
    {
        var notice = Announcement.Decode(announcement.Span);
        if (notice is null && !_hasUnreadable)
        {
            // Once is enough: whoever sends one may send many.
            _hasUnreadable = true;
            services.Logger.AnnouncementUnreadable(Name);
        }

        lock (_gate)
        {
            if (notice is null)
                return;
            if (notice is PresenceEvent presence)
                HearPresence(presence);
            else
                FanOut(notice);
        }
    }

    /// <summary>
    /// Accepts a message, unless it was before, or others before it are missing. True if those are to be read from history. To be
    /// called under the lock.
    /// </summary>
    private bool AcceptOrAnnounce(ChatMessage message)
    {
        if (message.Position is not { } position || _accepted is not { } accepted || position.Follows(accepted))
        {
            Accept(message);
            return false;
        }

        if (position.IsAtOrBefore(accepted))
            return false;

        if (!NeedsHistory)
        {
            // Nobody asked for what is missing, and nobody would ever fill the hole.
            if (position.IsOfStream(accepted))
            {
                var gap = new MessageGap(accepted, position, position.Sequence - accepted.Sequence - 1);
                services.Logger.MessagesLost(Name, gap.Missed!.Value);
                TellGap(gap);
                _tail.Clear();
            }

            Accept(message);
            return false;
        }

        _announced = position;
        return true;
    }

    /// <summary>
    /// Does not take a message for which there is no room at present. True if it is to be read from history. To be called under the lock.
    /// </summary>
    private bool AnnounceOnly(ChatMessage message)
    {
        if (!_overloaded)
            services.Logger.Overloaded(Name);
        _overloaded = true;
        if (message.Position is not { } position || !NeedsHistory || position.IsAtOrBefore(_accepted.GetValueOrDefault()))
            return false;
        _announced = position;
        return true;
    }

    public void OnReconnected()
    {
        _ = services.Disconnects.CheckAsync();
        _ = CheckAsync();
    }

    /// <summary>
    /// Looks in the history for messages that never came, and gives members that could not catch up another try. Ends when the store has
    /// answered, whatever the members then still have to read.
    /// </summary>
    public Task CheckAsync()
    {
        RoomMember[] stalled;
        bool tracksPresence;
        lock (_gate)
        {
            tracksPresence = TracksPresence;
            TellThoseWhoLackPresence();
            ForgetUnusedTail();
            stalled = [.. _members.Where(static m => m.State == MemberState.Stalled)];
            foreach (var member in stalled)
                SetState(member, MemberState.CatchingUp);
        }

        var filling = FillAsync();
        foreach (var member in stalled)
            _ = CatchUpAsync(member);
        return tracksPresence ? Task.WhenAll(filling, RefreshPresenceAsync()) : filling;
    }

    /// <summary>Reads from history what the backplane has lost.</summary>
    private async Task FillAsync()
    {
        lock (_gate)
        {
            if (_filling || _accepted is null || !NeedsHistory)
                return;
            _filling = true;
        }

        try
        {
            // Not faster than it can be fanned out.
            do
            {
                await WaitForTurnAsync().ConfigureAwait(false);
            }
            while (await FillOnceAsync().ConfigureAwait(false));
        }
        catch (Exception e)
        {
            lock (_gate)
                _filling = false;

            // The next check tries again.
            var level = RoomLog.LevelOf(e);
            services.Logger.FillFailed(level, Name, e);
        }
    }

    /// <summary>Reads one page. False, and nobody fills any more, if there is no more to be read.</summary>
    private async ValueTask<bool> FillOnceAsync()
    {
        MessagePosition? accepted;
        MessagePosition announced;
        lock (_gate)
            (accepted, announced) = (_accepted, _announced);
        var page = await services.ReadAsync(Name, accepted).ConfigureAwait(false);
        lock (_gate)
        {
            // The stream has begun, or changed its name, while the page was on its way: what it says is of before.
            if (_accepted != accepted && _accepted?.Epoch != page.Top.Epoch)
                return true;

            // What was announced while the page was on its way is not in it, and whoever announced it left it to us.
            var more = AcceptPage(page) || _announced != announced;
            return _filling = more && !_announced.IsAtOrBefore(_accepted.GetValueOrDefault());
        }
    }

    /// <summary>Takes over what the history has after the last accepted position. True if that was anything.</summary>
    private bool AcceptPage(HistoryPage page)
    {
        var start = StartOf(page);
        if (page.Restarted && page.Top.Epoch == _accepted?.Epoch)
        {
            // The store has lost its newest messages, which were delivered here. Those to come take their positions.
            services.Logger.StreamRestarted(Name, page.Top);
            TellGap(new MessageGap(_accepted.GetValueOrDefault(), null, null));
            GoBack(page.Top);
            return false;
        }

        if (page.Restarted)
            services.Logger.StreamRestarted(Name, page.Top);
        if (page.Missed > 0)
            services.Logger.MessagesMissed(Name, page.Missed);
        if (_accepted is { } accepted && (page.Restarted || (page.Missed > 0 && start.Sequence > accepted.Sequence)))
        {
            TellGap(new MessageGap(accepted, MessageGap.NextOf(page), page.Restarted ? null : start.Sequence - accepted.Sequence));
            _tail.Clear();
            _accepted = start;
        }
        else if (_accepted is { Sequence: > 0 } same && same.Epoch != page.Top.Epoch)
        {
            // The stream goes on under another name: the store has lost messages, and none that were delivered here.
            _tail.Clear();
            _accepted = page.Top with { Sequence = same.Sequence };
        }

        var before = _accepted;
        foreach (var message in page.Messages)
        {
            if (message.Position is { } position && position.Follows(_accepted.GetValueOrDefault()))
                Accept(message);
        }

        return _accepted != before;
    }

    /// <summary>Whether anybody is to be given what is stored. To be called under the lock.</summary>
    private bool NeedsHistory => _members.Any(static m => m.Replay > 0);

    /// <summary>Forgets the positions after one: other messages will have them. To be called under the lock.</summary>
    private void GoBack(MessagePosition top)
    {
        _accepted = top;
        _live = null;
        _tail.Clear();
        foreach (var member in _members)
        {
            if (top.IsAtOrBefore(member.DeliveredThrough))
                member.DeliveredThrough = top;
        }
    }

    /// <summary>Tells those who are live what they will not get. To be called under the lock.</summary>
    private void TellGap(MessageGap gap)
    {
        services.Metrics.Missed(GapScope.Room, gap.Missed);
        FanOut(gap);
    }

    /// <summary>To be called under the lock.</summary>
    private void Accept(ChatMessage message)
    {
        services.Metrics.Accepted(message.At);
        if (message.Position is { } position)
        {
            Remember(message, _accepted);
            _accepted = position;
        }

        FanOut(message);
    }

    /// <summary>To be called under the lock.</summary>
    private void SetState(RoomMember member, MemberState state)
    {
        _waiting += Waits(state) - Waits(member.State);
        if (_waiting > 0)
            _tail.Begin(_accepted);
        else if (!_tail.HasPage)
            _tail.Clear();
        _live = null;
        member.State = state;
        member.LiveFrom = _taken + _pending.Count;

        static int Waits(MemberState state) => state is MemberState.CatchingUp or MemberState.Stalled ? 1 : 0;
    }
}
