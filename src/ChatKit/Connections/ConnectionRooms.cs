using ChatKit.ChatKitV1;
using ChatKit.Rooms;

namespace ChatKit.Connections;

/// <summary>The rooms that one connection is in.</summary>
/// <param name="connection">The connection.</param>
/// <param name="registry">All rooms of this node.</param>
/// <param name="limit">The number of rooms that the connection may be in.</param>
/// <param name="resumeAfter">
/// The last position that the client has in each room, if the handshake contains it. Positions for more rooms than the limit are ignored.
/// </param>
internal sealed partial class ConnectionRooms(
    IRoomJoiner connection, RoomRegistry registry, int limit, IReadOnlyDictionary<string, StreamPosition> resumeAfter)
{
    // Most connections are in one or two rooms. For so few, a list is smaller than a dictionary, and as fast.
    private readonly List<RoomMembership> _memberships = new(1);

    /// <summary>The joins that wait for the handler's answer; null if there are none.</summary>
    private List<RoomJoin>? _joins;

    private ResumePositions _resumeAfter = new(resumeAfter, limit);
    private int _uncounted;
    private bool _leftAll;

    /// <summary>
    /// Takes the last positions that the client has in further rooms. Ignores rooms that the connection is in, and positions for more rooms
    /// than it may be in.
    /// </summary>
    /// <param name="after">The positions by room.</param>
    public void Resume(IReadOnlyDictionary<string, StreamPosition> after)
    {
        lock (_memberships)
        {
            foreach (var (room, position) in after)
            {
                if (_memberships.Find(room) is null)
                    _resumeAfter.Set(room, position, limit);
            }
        }
    }

    /// <summary>
    /// Enters a room if the handler allows it. Does nothing if the connection is already in the room, or if it has left the room or was
    /// closed before the handler has answered.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="cancellationToken">Cancels joining. The connection is then not in the room.</param>
    /// <exception cref="RoomAccessDeniedException">The handler denies access.</exception>
    /// <exception cref="InvalidOperationException">
    /// The connection is in as many rooms as it may be, or the handler is currently authorizing a room.
    /// </exception>
    public async ValueTask JoinAsync(string room, CancellationToken cancellationToken)
    {
        RoomQuestion.ThrowIfAsked();
        cancellationToken.ThrowIfCancellationRequested();
        var (result, join) = BeginJoin(room);
        if (result == JoinResult.TooManyRooms)
        {
            throw new InvalidOperationException(
                $"The connection is in {limit} rooms already. Leave one first, or raise "
                + $"{nameof(ChatKitOptions)}.{nameof(ChatKitOptions.MaxRoomsPerConnection)}.");
        }

        if (join is null)
            return;

        RoomMembership? membership;
        try
        {
            // The room does not exist for this connection before the handler allows it. An exception denies access.
            var isAllowed = cancellationToken.CanBeCanceled
                ? await RoomQuestion.AskAsync(connection, room).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false)
                : await RoomQuestion.AskAsync(connection, room).ConfigureAwait(false);
            if (!isAllowed)
                throw RoomAccessDeniedException.To(room);
            cancellationToken.ThrowIfCancellationRequested();
            membership = Enter(join);
        }
        finally
        {
            EndJoin(join);
        }

        if (membership is { } entered)
            await StartAsync(entered, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lets the client join a room that it has asked for, if the handler allows it. The stored messages follow in the background.</summary>
    /// <param name="request">The room, and the last position that the client has there.</param>
    /// <param name="onAllowed">Called before the client enters the room.</param>
    public async ValueTask<JoinResult> JoinAsync(ClientRequest.Join request, Func<ValueTask> onAllowed)
    {
        var (result, join) = BeginJoin(request.Room);
        return join is null ? result : await JoinAsync(join, request.After, onAllowed).ConfigureAwait(false);
    }

    /// <summary>Goes on with a join that has begun.</summary>
    public async ValueTask<JoinResult> JoinAsync(RoomJoin join, StreamPosition? after = null, Func<ValueTask>? onAllowed = null)
    {
        RoomMembership? membership;
        try
        {
            if (!IsPending(join))
                return JoinResult.Unchanged;
            if (!await RoomQuestion.AskAsync(connection, join.Room).ConfigureAwait(false) || !IsPending(join))
                return JoinResult.Denied;
            if (onAllowed is not null)
                await onAllowed().ConfigureAwait(false);
            membership = Enter(join, after, new CancellationTokenSource());
        }
        finally
        {
            EndJoin(join);
        }

        // A client that receives the messages of one room slowly can go on with another.
        if (membership is { } entered)
            _ = StartInBackgroundAsync(entered);
        return JoinResult.Joined;
    }

    /// <summary>Begins a join by the server, which counts as a room until it ends. Returns no join if there is nothing to do.</summary>
    public (JoinResult Result, RoomJoin? Join) BeginByServer(string room)
    {
        lock (_memberships)
        {
            if (_memberships.Find(room) is { } membership)
                membership.Member.JoinedAtAge = connection.Age;
            return _joins?.Exists(join => join.IsByServer && join.Room == room) == true ? default : BeginJoin(room, isByServer: true);
        }
    }

    /// <summary>The rooms that the connection is in.</summary>
    public IReadOnlyCollection<string> Names()
    {
        lock (_memberships)
            return [.. _memberships.Select(static membership => membership.Room.Name).Where(static room => !RoomName.IsOfUser(room))];
    }

    /// <summary>Whether the connection is in a room.</summary>
    public bool IsIn(string room)
    {
        lock (_memberships)
            return _memberships.Find(room) is not null;
    }

    /// <summary>Enqueues a frame that can be lost, unless the connection is not in a room, or its queue is full.</summary>
    public void TryEnqueueIn(string room, ReadOnlyMemory<byte> frame)
    {
        // Under the lock, so that nothing of the room follows once the client has left it.
        lock (_memberships)
        {
            if (_memberships.Find(room) is not null)
                connection.Outbound.TryEnqueue(frame);
        }
    }

    /// <summary>Enters a room that needs no authorization and does not count towards the limit.</summary>
    /// <param name="room">The room's name.</param>
    public ValueTask EnterOwnAsync(string room)
    {
        RoomMembership membership;
        lock (_memberships)
        {
            if (_leftAll || _memberships.Find(room) is not null)
                return ValueTask.CompletedTask;

            _uncounted++;
            membership = registry.Enter(room, connection, replay: 0);
            _memberships.Add(membership);
        }

        return StartAsync(membership, CancellationToken.None);
    }

    /// <summary>
    /// Leaves a room that the connection has joined up to a given age, in milliseconds. Returns the membership that has ended; null if the
    /// connection was not in the room.
    /// </summary>
    public RoomMembership? Leave(string room, uint upTo = uint.MaxValue) => Leave(room, upTo, out _);

    /// <inheritdoc cref="Leave(string, uint)"/>
    /// <param name="room">The room's name.</param>
    /// <param name="upTo">The age.</param>
    /// <param name="wasJoining">Whether a join was canceled.</param>
    public RoomMembership? Leave(string room, uint upTo, out bool wasJoining)
    {
        RoomMembership? membership;
        lock (_memberships)
        {
            membership = _memberships.Find(room) is { } found && found.Member.JoinedAtAge <= upTo ? found : null;
            _memberships.Remove(membership.GetValueOrDefault());
            wasJoining = _joins?.RemoveAll(join => join.Room == room && join.Age <= upTo) > 0;
        }

        membership?.Leave();
        return membership;
    }

    /// <summary>Leaves all rooms. The connection cannot enter a room afterwards.</summary>
    public void LeaveAll()
    {
        RoomMembership[] memberships;
        lock (_memberships)
        {
            _leftAll = true;
            memberships = [.. _memberships];
            _memberships.Clear();
        }

        Array.ForEach(memberships, static membership => membership.Leave());
    }

    /// <summary>Registers a join. It counts as a room until it ends. Returns no join if there is nothing to do.</summary>
    private (JoinResult Result, RoomJoin? Join) BeginJoin(string room, bool isByServer = false)
    {
        lock (_memberships)
        {
            if (_leftAll || _memberships.Find(room) is not null)
                return (JoinResult.Unchanged, null);
            string[] joining = _joins is null ? [] : [.. _joins.Select(static join => join.Room).Distinct()];
            if (_memberships.Count - _uncounted + joining.Length >= limit && !joining.Contains(room))
                return (JoinResult.TooManyRooms, null);

            var join = new RoomJoin(room, connection.Age, isByServer);
            (_joins ??= new(1)).Add(join);
            return (JoinResult.Joined, join);
        }
    }

    /// <summary>Completes a join. Returns null if there is nothing left to do.</summary>
    private RoomMembership? Enter(RoomJoin join, StreamPosition? resumeAfter = null, CancellationTokenSource? starting = null)
    {
        var room = join.Room;
        lock (_memberships)
        {
            if (_leftAll || connection.ClosedHere || _joins?.Contains(join) != true || _memberships.Find(room) is not null)
                return null;

            var known = _resumeAfter.Take(room);
            var membership = registry.Enter(room, connection, connection.ReplayIn(room), resumeAfter ?? known, connection.CapacityOf(room));
            membership = membership with { Starting = starting };
            membership.Member.JoinedAtAge = join.Age;
            _memberships.Add(membership);
            return membership;
        }
    }

    private void EndJoin(RoomJoin join)
    {
        lock (_memberships)
        {
            _joins?.Remove(join);
            if (_joins?.Count == 0)
                _joins = null; // Most connections join once and live long.
        }
    }

    /// <summary>Whether the connection has neither left the room nor ended since a join began.</summary>
    private bool IsPending(RoomJoin join)
    {
        lock (_memberships)
            return _joins?.Contains(join) == true && !_leftAll;
    }
}
