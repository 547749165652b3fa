using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// A room on this node: its members, and the positions up to which they have received its messages. Messages come from the backplane and
/// are delivered strictly by position.
/// </summary>
internal sealed class Room : IBackplaneSubscriber, IDelivery
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
    /// <param name="services">The services that all rooms share.</param>
    /// <param name="onEmpty">Called when the last member has left. The room is closed then.</param>
    public Room(string name, RoomServices services, Action<Room> onEmpty)
    {
        (_services, _onEmpty) = (services, onEmpty);
        _state = new RoomState(name, this);
        _stream = new RoomStream(_state, services);
        _roster = new Roster(_state, services);
        _catchUp = new CatchUp(_state, _stream, _roster, services);
        _fanOut = new FanOut(_state, _catchUp, services);
    }

    public string Name => _state.Name;

    /// <summary>Adds a member. Returns false if the room has closed because its last member left. The caller then takes a new room.</summary>
    public bool TryAdd(RoomMember member)
    {
        lock (_state.Gate)
        {
            if (_state.IsClosed)
                return false;

            _state.Add(member);
            member.AwaitsLive &= !RoomName.IsOfUser(Name);
            _roster.Add(member);

            // A member that receives no stored messages is live at once, and must treat the messages that arrive from now on as live.
            if (member.Replay == 0 && member.Client.ReadsAs is null)
                _catchUp.TryNotifyLive(member, _state.Cursor.Accepted.GetValueOrDefault());
            _state.SetState(member, member.Replay > 0 ? MemberState.CatchingUp : MemberState.Live);
        }

        if (_roster.KeyOf(member.Client) is { } present)
            _services.Tracker.Enter(present, member.Client.PresenceData);
        return true;
    }

    /// <summary>
    /// Starts delivering the room's messages to a member. When this returns, the stored messages are enqueued for the client and it is
    /// live. If the history is unavailable, that follows as soon as it is available again.
    /// </summary>
    /// <param name="member">The member.</param>
    /// <param name="cancellationToken">Cancels the wait. The caller then removes the member.</param>
    public async ValueTask StartAsync(RoomMember member, CancellationToken cancellationToken)
    {
        // The other members share the subscription, so only the wait for it is canceled.
        await SubscribeAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (member.Replay > 0)
            await _catchUp.RunAsync(member, cancellationToken).ConfigureAwait(false);
        else
            await _catchUp.RunWithoutHistoryAsync(member, cancellationToken).ConfigureAwait(false);
        _roster.OnLive(member);
    }

    /// <summary>Removes a member. Does not wait: the subscription ends in the background.</summary>
    public void Remove(RoomMember member)
    {
        bool isEmpty;
        lock (_state.Gate)
        {
            if (!_state.Remove(member))
                return;
            isEmpty = _state.IsClosed;
        }

        if (_roster.KeyOf(member.Client) is { } present)
            _services.Tracker.Leave(present);
        if (!isEmpty)
            return;
        _onEmpty(this);
        _ = UnsubscribeAsync();
    }

    /// <summary>Stores and announces the presence data of a client that is in the room.</summary>
    public void Describe(IRoomClient client)
    {
        if (_roster.KeyOf(client) is { } present && client.PresenceData is { } data)
            _services.Tracker.Describe(present, data);
    }

    public void OnMessage(ChatMessage message) => _stream.OnMessage(message);

    public void OnAnnouncement(ReadOnlyMemory<byte> announcement)
    {
        if (Announcement.Decode(announcement.Span) is not { } roomEvent)
        {
            // Logged once: a node that sends one may send many.
            if (!_hasUnreadable)
                _services.Logger.AnnouncementUnreadable(Name);
            _hasUnreadable = true;
            return;
        }

        lock (_state.Gate)
        {
            if (roomEvent is PresenceEvent presence)
                _roster.OnAnnounced(presence);
            else if (roomEvent is SignalEvent signal)
                AddSignal(signal);
            else if (IsTaken(roomEvent))
                _state.Queue.Add(new RoomItem(roomEvent));
        }
    }

    public void OnReconnected()
    {
        _ = _services.Disconnects.CheckAsync();
        _ = CheckAsync();
    }

    /// <summary>
    /// Looks in the history for messages that never arrived, and lets members that could not catch up try again. Completes when the store
    /// has answered, even if members still have messages to read.
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

    /// <summary>Reads what the node knows of the room. Holds the lock for a moment only, however many members there are.</summary>
    public RoomStatistics Measure()
    {
        lock (_state.Gate)
            return new RoomStatistics(Name, _state.Members.Count, _state.Waiting, _state.Cursor.Accepted, _state.Queue.NextNumber);
    }

    /// <summary>Some of the clients in the room.</summary>
    public IRoomClient[] Clients(int limit)
    {
        lock (_state.Gate)
            return [.. _state.Members.Take(limit).Select(static member => member.Client)];
    }

    /// <summary>Waits until one turn can fan out all waiting items. Nearly always completes synchronously.</summary>
    public Task WaitForTurnAsync() => _state.Queue.WaitForTurnAsync();

    /// <summary>Waits until a member that was removed receives nothing any more.</summary>
    public Task WaitForDeliveryAsync() => _state.Queue.WaitForDeliveryAsync();

    ValueTask IDelivery.DeliverAsync(List<RoomItem> batch, long number) => _fanOut.DeliverAsync(batch, number);

    ValueTask IDelivery.DeliverSignalsAsync(IReadOnlyDictionary<SignalKey, RoomItem> signals) => _fanOut.DeliverSignalsAsync(signals);

    /// <summary>Whether the room takes an event. Read cursors may be lost; commands belong to the rooms of users.</summary>
    private bool IsTaken(RoomEvent roomEvent) => roomEvent switch
    {
        ReadEvent => !_state.Queue.IsOverloaded,
        UserCommand => RoomName.IsOfUser(Name),
        _ => true,
    };

    /// <summary>Takes a signal. The first thing that a busy node drops.</summary>
    private void AddSignal(SignalEvent signal)
    {
        if (!_state.Queue.IsOverloaded)
            _state.Queue.AddSignal(new SignalKey(Name, signal.ConnectionId, signal.Name), new RoomItem(signal));
    }

    /// <summary>
    /// Subscribes to the backplane, once for all members. Tries again if the last attempt failed. Does nothing if all members have left
    /// meanwhile, because nothing would end the subscription.
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

    /// <summary>Sends the list of who is here to live members whose queue was too full for it before.</summary>
    private void NotifyThoseThatLackPresence()
    {
        foreach (var member in _state.Members)
        {
            if (member is { LacksPresence: true, State: MemberState.Live })
                _catchUp.TryNotifyLive(member, _state.Cursor.Accepted.GetValueOrDefault());
        }
    }

    /// <summary>Releases the latest messages if no member has needed them since the last check.</summary>
    private void ForgetUnusedTail()
    {
        if (!_state.HasWaiting && !_state.Tail.IsUsed)
            _state.Tail.Clear();
        _state.Tail.IsUsed = false;
    }
}
