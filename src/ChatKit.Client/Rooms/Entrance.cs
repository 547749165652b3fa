using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Rooms;

/// <summary>Joins rooms, on each connection again, and leaves them. Under the session's lock.</summary>
internal sealed class Entrance(Session session, RoomBook rooms)
{
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(30);

    // If the server has found that the client sends too much:
    private int _burst = int.MaxValue;
    private TimeSpan _interval;

    /// <summary>Returns the same stay until the client leaves the room.</summary>
    public RoomState Join(string name, Func<RoomState, JoinedRoom> create)
    {
        var state = rooms.StateOf(name);
        if (state.Membership is not null)
            return state;
        state.Membership = rooms.NewMembership();
        state.Membership.Room = create(state);
        foreach (var link in session.Connector.Welcomed.ToArray())
            Enter(link, [state]);
        if (name == rooms.Home)
            OnEntered(state);
        return state;
    }

    public bool IsJoined(RoomState state) => rooms.Find(state.Name) == state && state.Membership is not null;

    /// <summary>Leaves a room, and reports nothing of it anymore.</summary>
    public Task LeaveAsync(RoomState state)
    {
        if (!IsJoined(state))
            return Task.CompletedTask;
        state.Cursor.Finish();
        state.Membership!.Entered.TrySetException(new ChatException(ChatErrorCodes.NotJoined, "The client has left the room."));
        rooms.Forget(state);
        session.Outbox.Leave(state.Name, null);
        return Task.WhenAll(session.Connector.Welcomed.ToArray().Select(link => LeaveAsync(link, state.Name)));
    }

    /// <summary>All rooms that the application has joined, on a new connection.</summary>
    public void EnterAll(Link link)
    {
        // First the rooms that messages wait for.
        var busy = session.Outbox.Rooms;
        link.Allowed = _burst;
        Enter(link, [.. rooms.Joined.OrderBy(state => busy.Contains(state.Name) ? 0 : 1)]);
    }

    /// <summary>
    /// The server counts joins like messages. Those of the next connections take half of what it has accepted at once, and the others follow
    /// slowly.
    /// </summary>
    public void Limit(Link link, ServerFrame error)
    {
        if ((link.Requests.IndexOf(error.Ref) ?? session.Outbox.IndexOf(link, error.Ref)) is { } index)
        {
            session.Outbox.Unsend(link, index);
            _burst = Math.Max(1, Math.Min(_burst, index) / 2);
            var interval = TimeSpan.FromSeconds(2 * (error.Retry ?? 10) / Math.Max(1, index));
            if (link.Joining.Count > 0 && 2 * _interval > interval)
                interval = 2 * _interval;
            _interval = interval < LongestInterval ? interval : LongestInterval;
        }

        link.Limit(error.Retry);
        if (link.Role == LinkRole.Current)
            session.Emit(new ErrorReceived { Ref = error.Ref, Code = error.Code!, Description = error.Text ?? error.Code! });
    }

    private void Enter(Link link, RoomState[] states)
    {
        foreach (var state in states)
            link.Joining.Enqueue(state);
        link.Pause.Cancel();
        while (link.Sent < link.Allowed && link.Joining.TryDequeue(out var state))
            Join(link, state);
        if (link == session.Connector.Current)
            session.Outbox.Transmit();
        if (link.Joining.Count == 0)
            return;
        link.Pause.Set(_interval, () =>
        {
            link.Allowed = link.Sent + 1;
            Enter(link, []);
        });
    }

    private void Join(Link link, RoomState state)
    {
        if (!IsJoined(state))
            return;
        if (state.Name == rooms.Home)
        {
            OnEntered(state);
            return;
        }

        var place = link.RoomOf(state.Name);
        (place.Entry, place.Last) = (place.IsLive ? Entry.Early : Entry.Asked, state.Position);
        Request(link, reference => ClientFrames.Join(reference, state.Name, state.Resume), (error, _) =>
        {
            if (!IsJoined(state) || error?.Code == ChatErrorCodes.Closed)
                return;
            if (error is not null)
            {
                if (error.Code == ChatErrorCodes.Unavailable)
                    TryAgain(link, state, error);
                else if (link.Role == LinkRole.Beside)
                    place.Refusal = error;
                else
                    Refuse(link, state, error);
                return;
            }

            state.IsOwn = place.Entry == Entry.Asked;
            place.Entry = Entry.In;
            OnEntered(state);
        });
    }

    private void OnEntered(RoomState state)
    {
        if (state.Membership!.Entered.TrySetResult())
            session.Settings.Options.Probe?.OnEntered(state.Name);
    }

    private void TryAgain(Link link, RoomState state, ChatException error)
    {
        if (link.Role == LinkRole.Current)
            Report(state, error);
        var delay = session.Settings.Times.Backoff.After(2);
        link.Pause.Set(delay > _interval ? delay : _interval, () => Enter(link, []));
        link.Joining.Enqueue(state);
    }

    private void Report(RoomState state, ChatException error) =>
        session.Emit(new ErrorReceived { Room = state.Name, Code = error.Code, Description = error.Message });

    /// <summary>The server doesn't let the client into a room that the application has joined.</summary>
    public void Refuse(Link link, RoomState state, ChatException error)
    {
        Report(state, error);

        // The server may have let the client in by itself.
        var wasEarly = link.RoomOf(state.Name).Entry == Entry.Early;
        state.Membership!.Entered.TrySetException(error);
        rooms.Forget(state);
        if (wasEarly)
        {
            var kept = rooms.StateOf(state.Name);
            (kept.Position, kept.Revision, kept.First) = (state.Position, state.Revision, state.First);
        }
        else
        {
            link.Forget(state.Name);
        }

        session.Outbox.Leave(state.Name, error);
        LeaveOthers(link, state.Name);
    }

    /// <summary>Leaves a room on the other connections, because the client isn't in it on this one.</summary>
    public void LeaveOthers(Link link, string room)
    {
        foreach (var other in session.Connector.Welcomed.Where(other => other != link && other.IsIn(room)).ToArray())
            _ = LeaveAsync(other, room);
    }

    private Task LeaveAsync(Link link, string name)
    {
        if (!link.IsIn(name))
            return Task.CompletedTask;
        link.Forget(name);

        // Until the answer, the server can send what it sent to the room before.
        link.Leaves[name] = link.Leaves.GetValueOrDefault(name) + 1;
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Request(link, reference => ClientFrames.Leave(reference, name), (error, _) =>
        {
            if (link.Leaves[name] is > 1 and var count)
                link.Leaves[name] = count - 1;
            else
                link.Leaves.Remove(name);
            if (error is not null && error.Code != ChatErrorCodes.Closed)
                session.Emit(new ErrorReceived { Room = name, Code = error.Code, Description = error.Message });
            left.TrySetResult();
        });
        return left.Task;
    }

    private void Request(Link link, Func<string, byte[]> create, Action<ChatException?, ServerFrame?> answer)
    {
        var reference = session.NextRef();
        if (!link.IsOpen)
        {
            answer(Requests.NoConnection(), null);
            return;
        }

        link.Requests.Add(reference, link.Sent, answer);
        link.Send(create(reference));
    }
}
