using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// A room on this node: who is in it, and up to where they have received its messages. Messages come from the backplane and are delivered strictly by
/// position.
/// </summary>
internal sealed class Room : IBackplaneSubscriber
{
    private readonly RoomServices _services;
    private readonly Action<Room> _onEmpty;
    private readonly RoomState _state;
    private readonly RoomStream _stream;
    private readonly Roster _roster;
    private readonly CatchUp _catchUp;
    private readonly FanOut _fanOut;
    private bool _hasUnreadable;
    private Task<IAsyncDisposable>? _subscription;

    /// <param name="name">The room's name.</param>
    /// <param name="services">What every room works with.</param>
    /// <param name="onEmpty">Called when the last member has left. The room is closed then.</param>
    public Room(string name, RoomServices services, Action<Room> onEmpty)
    {
        (_services, _onEmpty) = (services, onEmpty);
        _state = new RoomState(name, Deliver);
        _stream = new RoomStream(_state, services);
        _roster = new Roster(_state, services);
        _catchUp = new CatchUp(_state, _stream, _roster, services);
        _fanOut = new FanOut(_state, _catchUp, services);
    }

    public string Name => _state.Name;

    /// <summary>Adds a member. False if the room has closed because its last member left: the caller takes a new one.</summary>
    public bool TryAdd(RoomMember member)
    {
        lock (_state.Gate)
        {
            if (_state.IsClosed)
                return false;

            _state.Add(member);
            member.AwaitsLive &= !RoomName.IsOfUser(Name);
            _roster.Add(member);

            // A member that receives nothing stored is live at once, and must not take what comes from now on for something old.
            if (member.Replay == 0)
                _catchUp.TryNotifyLive(member, _state.Cursor.Accepted.GetValueOrDefault());
            _state.SetState(member, member.Replay > 0 ? MemberState.CatchingUp : MemberState.Live);
        }

        if (_roster.KeyOf(member) is { } present)
            _services.Tracker.Enter(present);
        return true;
    }

    /// <summary>
    /// Makes a member receive the room's messages. When this has returned, what is stored was enqueued for the client and it is live; or the history is
    /// unavailable, and that follows as soon as it is back.
    /// </summary>
    public async ValueTask StartAsync(RoomMember member)
    {
        await SubscribeAsync().ConfigureAwait(false);
        if (member.Replay > 0)
            await _catchUp.RunAsync(member).ConfigureAwait(false);
        else
            await _catchUp.RunWithoutHistoryAsync(member).ConfigureAwait(false);
        _roster.OnLive(member);
    }

    /// <summary>Removes a member. Waits for nothing: the subscription ends in the background.</summary>
    public void Remove(RoomMember member)
    {
        bool isEmpty;
        lock (_state.Gate)
        {
            if (!_state.Remove(member))
                return;
            isEmpty = _state.IsClosed;
        }

        if (_roster.KeyOf(member) is { } present)
            _services.Tracker.Leave(present);
        if (!isEmpty)
            return;
        _onEmpty(this);
        _ = UnsubscribeAsync();
    }

    public void OnMessage(ChatMessage message) => _stream.OnMessage(message);

    public void OnAnnouncement(ReadOnlyMemory<byte> announcement)
    {
        if (Announcement.Decode(announcement.Span) is not { } roomEvent)
        {
            // Once is enough: a node that sends one may send many.
            if (!_hasUnreadable)
                _services.Logger.AnnouncementUnreadable(Name);
            _hasUnreadable = true;
            return;
        }

        lock (_state.Gate)
        {
            if (roomEvent is PresenceEvent presence)
                _roster.OnAnnounced(presence);
            else
                _state.Queue.Add(new RoomItem(roomEvent));
        }
    }

    public void OnReconnected()
    {
        _ = _services.Disconnects.CheckAsync();
        _ = CheckAsync();
    }

    /// <summary>
    /// Looks in the history for messages that never came, and lets members that could not catch up try again. Completes when the store has answered,
    /// whatever the members then still have to read.
    /// </summary>
    public Task CheckAsync()
    {
        RoomMember[] stalled;
        bool isTracked;
        lock (_state.Gate)
        {
            isTracked = _roster.IsTracked;
            NotifyThoseThatLackPresence();
            ForgetUnusedTail();
            stalled = [.. _state.Members.Where(static m => m.State == MemberState.Stalled)];
            foreach (var member in stalled)
                _state.SetState(member, MemberState.CatchingUp);
        }

        var filling = _stream.FillAsync();
        foreach (var member in stalled)
            _ = _catchUp.RunAsync(member);
        return isTracked ? Task.WhenAll(filling, _roster.RefreshAsync()) : filling;
    }

    /// <summary>Waits until no more is to be fanned out than one turn takes. Nearly always completed.</summary>
    public Task WaitForTurnAsync() => _state.Queue.WaitForTurnAsync();

    private void Deliver(ReadOnlySpan<RoomItem> batch, long number) => _fanOut.Deliver(batch, number);

    /// <summary>
    /// Subscribes to the backplane, once for all members; again if the last try failed. Not if all members have left meanwhile, because nothing would
    /// end the subscription.
    /// </summary>
    private Task SubscribeAsync()
    {
        lock (_state.Gate)
        {
            if (_state.IsClosed)
                return Task.CompletedTask;
            if (_subscription is null or { IsFaulted: true } or { IsCanceled: true })
                _subscription = _services.Backplane.SubscribeAsync(Name, this).AsTask();
            return _subscription;
        }
    }

    private async Task UnsubscribeAsync()
    {
        try
        {
            if (_subscription is { IsFaulted: false, IsCanceled: false } subscribing)
                await (await subscribing.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _services.Logger.UnsubscribeFailed(Name, e);
        }
    }

    /// <summary>Notifies members that are live, and whose queue was too full for it before, of who is here.</summary>
    private void NotifyThoseThatLackPresence()
    {
        foreach (var member in _state.Members)
        {
            if (member is { LacksPresence: true, State: MemberState.Live })
                _catchUp.TryNotifyLive(member, _state.Cursor.Accepted.GetValueOrDefault());
        }
    }

    /// <summary>Forgets the latest messages if no member has needed them from one check to the next.</summary>
    private void ForgetUnusedTail()
    {
        if (!_state.HasWaiting && !_state.Tail.IsUsed)
            _state.Tail.Clear();
        _state.Tail.IsUsed = false;
    }
}
