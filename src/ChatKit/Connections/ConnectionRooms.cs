using ChatKit.Rooms;

namespace ChatKit.Connections;

/// <summary>The rooms that one connection is in.</summary>
/// <param name="connection">The connection.</param>
/// <param name="registry">All rooms of this node.</param>
/// <param name="limit">How many rooms it may be in.</param>
/// <param name="resumeAfter">Up to where the client has the messages of rooms, as far as the handshake has said so.</param>
internal sealed class ConnectionRooms(
    IRoomJoiner connection, RoomRegistry registry, int limit, IReadOnlyDictionary<string, MessagePosition> resumeAfter)
{
    private static readonly AsyncLocal<Question?> Asked = new();

    // Few, and for most connections one or two: a list is smaller than a dictionary, and as fast.
    private readonly List<RoomMembership> _memberships = new(1);

    /// <summary>The joins that wait for the handler's answer; null if there is none.</summary>
    private List<Join>? _joins;

    /// <summary>Each counts once, when the connection enters the room. Null if there is none.</summary>
    private Dictionary<string, MessagePosition>? _resumeAfter = resumeAfter.Count > 0 ? new(resumeAfter) : null;

    private int _uncounted;
    private bool _leftAll;

    /// <summary>
    /// The client says up to where it has the messages of further rooms. Does nothing for rooms that the connection is in, nor for more
    /// rooms than it may be in.
    /// </summary>
    /// <param name="after">The positions by room.</param>
    public void Resume(IReadOnlyDictionary<string, MessagePosition> after)
    {
        lock (_memberships)
        {
            foreach (var (room, position) in after)
            {
                if (Find(room) is null && (_resumeAfter ??= []) is { } known && (known.Count < limit || known.ContainsKey(room)))
                    known[room] = position;
            }
        }
    }

    /// <summary>
    /// Enters a room, if the handler lets the client in. Does nothing if the connection is in it; nor if it has left it, or was closed,
    /// by the time that the handler has answered.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="replay">How many stored messages the client is given.</param>
    /// <exception cref="RoomAccessDeniedException">The handler does not let the client in.</exception>
    /// <exception cref="InvalidOperationException">
    /// The connection is in as many rooms as it may be, or the handler is just being asked about a room.
    /// </exception>
    public async ValueTask JoinAsync(string room, int replay)
    {
        if (Asked.Value is { IsAnswered: false } question)
        {
            throw new InvalidOperationException(
                $"{nameof(WebSocketHandler.AuthorizeRoomAsync)} of room '{question.Room}' has called JoinAsync, which would ask it "
                + $"again. Only answer there; join in {nameof(WebSocketHandler.OnOpenAsync)} or {nameof(WebSocketHandler.OnMessageAsync)}.");
        }

        if (BeginJoin(room) is not { } join)
            return;

        RoomMembership? membership;
        try
        {
            // Nothing of the room exists for this connection before the answer. What throws is no yes.
            if (!await AuthorizeAsync(room).ConfigureAwait(false))
                throw RoomAccessDeniedException.To(room);
            membership = Enter(join, replay);
        }
        finally
        {
            EndJoin(join);
        }

        if (membership is not null)
            await StartAsync(membership).ConfigureAwait(false);
    }

    /// <summary>Enters a room that nobody is asked about, and that does not count towards the limit.</summary>
    /// <param name="room">The room's name.</param>
    public ValueTask EnterOwnAsync(string room)
    {
        RoomMembership membership;
        lock (_memberships)
        {
            if (_leftAll || Find(room) is not null)
                return ValueTask.CompletedTask;

            _uncounted++;
            membership = registry.Enter(room, connection, replay: 0);
            _memberships.Add(membership);
        }

        return StartAsync(membership);
    }

    public void Leave(string room)
    {
        RoomMembership? membership;
        lock (_memberships)
        {
            membership = Find(room);
            _memberships.Remove(membership!);
            _joins?.RemoveAll(join => join.Room == room);
        }

        membership?.Leave();
    }

    /// <summary>Leaves every room, and enters none any more.</summary>
    public void LeaveAll()
    {
        RoomMembership[] memberships;
        lock (_memberships)
        {
            _leftAll = true;
            memberships = [.. _memberships];
            _memberships.Clear();
        }

        foreach (var membership in memberships)
            membership.Leave();
    }

    /// <summary>Asks the handler. While it decides it may join nothing: each join would ask it again, and so on without end.</summary>
    private async ValueTask<bool> AuthorizeAsync(string room)
    {
        var question = new Question(room);
        Asked.Value = question;
        try
        {
            return await connection.AuthorizeRoomAsync(room).ConfigureAwait(false);
        }
        finally
        {
            question.IsAnswered = true;
        }
    }

    /// <summary>Null if the connection is in the room, or has left all for good.</summary>
    private Join? BeginJoin(string room)
    {
        lock (_memberships)
        {
            if (_leftAll || Find(room) is not null)
                return null;

            var join = new Join(room);
            (_joins ??= new(1)).Add(join);
            return join;
        }
    }

    /// <summary>Null if there is nothing to do any more.</summary>
    private RoomMembership? Enter(Join join, int replay)
    {
        var room = join.Room;
        lock (_memberships)
        {
            if (_leftAll || connection.ClosedHere || _joins?.Contains(join) != true || Find(room) is not null)
                return null;

            if (_memberships.Count - _uncounted >= limit)
            {
                throw new InvalidOperationException(
                    $"The connection is in {limit} rooms already. Leave one first, or raise "
                    + $"{nameof(ChatKitOptions)}.{nameof(ChatKitOptions.MaxRoomsPerConnection)}.");
            }

            MessagePosition? after = _resumeAfter?.Remove(room, out var position) == true ? position : null;
            var membership = registry.Enter(room, connection, replay, after);
            _memberships.Add(membership);
            return membership;
        }
    }

    private void EndJoin(Join join)
    {
        lock (_memberships)
        {
            _joins?.Remove(join);
            if (_joins?.Count == 0)
                _joins = null; // Most connections join once and live long.
        }
    }

    /// <summary>Starts a membership. One that cannot be started is ended, so that the next try is not taken for a second join.</summary>
    private async ValueTask StartAsync(RoomMembership membership)
    {
        try
        {
            await membership.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            lock (_memberships)
                _memberships.Remove(membership);

            membership.Leave();
            throw;
        }
    }

    /// <summary>To be called under the lock.</summary>
    private RoomMembership? Find(string room) => _memberships.Find(membership => membership.Room.Name == room);

    /// <summary>That a handler is asked about a room. Flows with what it calls; what it has begun and not awaited may go on after the answer.</summary>
    private sealed class Question(string room)
    {
        public string Room => room;

        public volatile bool IsAnswered;
    }

    /// <summary>One call, told apart from others for the same room: whoever leaves gives up those that have begun, and none that follow.</summary>
    private sealed class Join(string room)
    {
        public string Room => room;
    }
}
