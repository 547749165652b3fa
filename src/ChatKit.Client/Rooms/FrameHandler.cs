using ChatKit.Client.Connections;
using ChatKit.Client.Diagnostics;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Rooms;

/// <summary>Takes the frames of the server. Under the session's lock.</summary>
internal sealed class FrameHandler(Session session)
{
    private readonly Progress _progress = new(session);
    private readonly Passing _passing = new(session);

    private RoomBook Rooms => session.Rooms;

    private Link? Current => session.Connector.Current;

    public static MessageReceived ToMessage(ServerFrame frame, string? room, MessagePosition? position, bool isLive) => new()
    {
        Room = room,
        Position = position,
        From = frame.From,
        At = frame.At,
        Text = frame.Data,
        Bytes = frame.Bytes,
        Json = frame.JsonOrNull,
        EditedAt = frame.Edited,
        IsDeleted = frame.Deleted,
        IsLive = isLive,
    };

    /// <summary>Takes a frame that arrives.</summary>
    public void Take(Link link, ServerFrame frame)
    {
        Take(link, frame, isKept: false);
        session.Connector.Replacement.Check();
    }

    /// <summary>Takes what a connection has delivered before it took the place of another one.</summary>
    public void TakeKept(Link link, Link former)
    {
        foreach (var frame in link.TakeKept(former))
            Take(link, frame, isKept: true);
    }

    private void Take(Link link, ServerFrame frame, bool isKept)
    {
        try
        {
            if (isKept)
                Handle(link, frame, isKept);
            else
                Accept(link, frame);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            ClientLog.FrameIgnored(session.Logger, e);
        }
    }

    private void Accept(Link link, ServerFrame frame)
    {
        var isAnswer = frame.Type is "ack" or "error" or "history";
        if (!isAnswer && frame.Room is { } room)
        {
            if (link.Leaves.ContainsKey(room))
                return;
            var place = frame.Type == "welcome" ? null : link.RoomOf(room);
            if (place?.Entry == Entry.Asked)
                place.Entry = Entry.Early;
        }

        // The connection that has replaced this one has all the rest.
        if (link.Role == LinkRole.Leaving && !isAnswer && frame is not ({ Type: "message", Position: null } or { Type: "ping" }))
            return;
        if (link.Role == LinkRole.Beside && frame.Type is "message" or "change" or "skip" or "gap" or "live" or "signal" or "read")
            Keep(link, frame);
        else
            Handle(link, frame, isKept: false);
    }

    /// <summary>Until a connection takes over, what the application sees comes from the current one only.</summary>
    private static void Keep(Link link, ServerFrame frame)
    {
        link.Keep(frame);
        if (frame is { Type: "live", Room: { } room })
            link.RoomOf(room).Live = frame;
    }

    private void Handle(Link link, ServerFrame frame, bool isKept)
    {
        switch (frame.Type)
        {
            case "welcome" when link.Welcome is null:
                OnWelcome(link, frame);
                break;
            case "message":
                OnMessage(link, frame);
                break;
            case "change" when frame.Room is not null:
                OnChange(link, frame);
                break;
            case "skip" when frame.Room is not null:
                _progress.TryAdvance(link, Rooms.StateOf(frame.Room), MessagePosition.Parse(frame.Position!));
                break;
            case "gap" when frame.Room is not null:
                _progress.TakeGap(link, Rooms.StateOf(frame.Room), frame);
                break;
            case "live" when frame.Room is not null:
                OnLive(link, frame);
                break;
            case "ack" when !link.Requests.TryAnswer(frame.Ref, null, frame):
                session.Outbox.Acknowledge(frame);
                break;
            case "history":
                link.Requests.TryAnswer(frame.Ref, null, frame);
                break;
            case "error":
                OnError(link, frame);
                break;
            case "left" when link.Role == LinkRole.Beside:
                link.Break(); // The next one finds out whether the client may be in the room.
                break;
            case "left" when frame.Room is not null:
                OnLeft(link, frame);
                break;
            case "signal" when _passing.IsFirst(link, frame) || !isKept:
                session.Emit(new SignalReceived { Room = frame.Room, From = frame.From, Name = frame.Name ?? "", Data = frame.Data });
                break;
            case "read" when frame.Room is not null:
                OnRead(frame);
                break;
            case "presence" when frame.Room is not null:
                OnPresence(link, frame);
                break;
            case "restart":
                session.Connector.Replacement.OnRestart(link, TimeSpan.FromSeconds(Math.Max(0, frame.Retry ?? 0)));
                break;
            case "ping":
                link.SendPong();
                break;
        }
    }

    private void OnWelcome(Link link, ServerFrame frame)
    {
        session.Connector.OnWelcome(link, frame);
        if (frame.Room is { } home)
            session.MeetHome(home);
        if (link == Current)
            session.Outbox.Sign(session.Connector.User!);
        RoomBook.Resume(link);
        Rooms.Entrance.EnterAll(link);
    }

    private void OnMessage(Link link, ServerFrame frame)
    {
        if (frame is not { Room: { } room, Position: { } text })
        {
            if (_passing.IsFirst(link, frame))
                Report(ToMessage(frame, frame.Room, null, frame.Room is null || link.IsLiveIn(frame.Room)));
            return;
        }

        var state = Rooms.StateOf(room);
        var position = MessagePosition.Parse(text);
        if (!_progress.TryAdvance(link, state, position))
        {
            session.Repeated++;
            session.Telemetry.Repeated();
            return;
        }

        state.First ??= position;
        Report(ToMessage(frame, room, position, link.IsLiveIn(room)));
    }

    private void Report(MessageReceived message)
    {
        session.Telemetry.Received();
        session.Emit(message);
    }

    private void OnChange(Link link, ServerFrame frame)
    {
        var state = Rooms.StateOf(frame.Room!);

        // After a reset, it is of a message that the application received before.
        if (link.RoomOf(state.Name).Gaps?.Exists(static gap => gap.IsReset) == true)
            return;

        // The server sends the changes of a room in the order of their revisions.
        if (frame.Revision <= state.Revision)
            return;
        state.Revision = frame.Revision ?? state.Revision;
        session.Emit(new MessageChanged
        {
            Room = state.Name,
            Position = state.Known(MessagePosition.Parse(frame.Position!)),
            At = frame.At,
            By = frame.By,
            Text = frame.Data,
            Bytes = frame.Bytes,
            Json = frame.JsonOrNull,
            IsDeleted = frame.Deleted,
            Revision = frame.Revision ?? 0,
        });
    }

    private void OnLive(Link link, ServerFrame frame)
    {
        var state = Rooms.StateOf(frame.Room!);
        MessagePosition? position = MessagePosition.TryParse(frame.Position, out var at) ? at : null;
        if (position is { } reached)
            _progress.GoLive(link, state, reached);
        link.RoomOf(state.Name).Live = frame;
        if (!link.IsShared || state.Revision is null || frame.Revision > state.Revision)
            state.Revision = frame.Revision;
        Rooms.ReportLive(state, frame);
        if (frame.Room == link.Welcome?.Room)
            session.Connector.OnLive(link);
    }

    private void OnError(Link link, ServerFrame frame)
    {
        var code = frame.Code ?? ChatErrorCodes.Malformed;
        var error = new ChatException(code, frame.Text ?? code);
        if (code == ChatErrorCodes.RateLimited)
        {
            Rooms.Entrance.Limit(link, frame);
            return;
        }

        if (link.Requests.TryAnswer(frame.Ref, error, null))
            return;
        if (link.Role == LinkRole.Leaving && code == ChatErrorCodes.Unavailable)
            return; // It was sent again.
        if (session.Outbox.Refuse(link, frame with { Code = code }))
            return;

        // The server waits for a message that it already has.
        if (frame.Ref is not null && code == ChatErrorCodes.Unavailable && link == Current)
            session.Connector.Open();
        else
            session.Emit(new ErrorReceived { Ref = frame.Ref, Code = code, Description = error.Message });
    }

    private void OnLeft(Link link, ServerFrame frame)
    {
        var state = Rooms.Find(frame.Room!);
        link.Forget(frame.Room!);
        if (state is null && link.IsShared)
            return; // The other connection has reported it.
        session.Emit(new RoomLeft { Room = frame.Room, Reason = frame.Reason });
        if (state is null)
            return;
        var problem = new ChatException(ChatErrorCodes.NotJoined, frame.Reason ?? "The server has taken the client out of the room.");
        state.Membership?.Entered.TrySetException(problem);
        Rooms.Forget(state);
        session.Outbox.Leave(state.Name, problem);
        Rooms.Entrance.LeaveOthers(link, state.Name);
    }

    private void OnRead(ServerFrame frame)
    {
        var state = Rooms.StateOf(frame.Room!);
        var position = MessagePosition.Parse(frame.Position!);
        if (!state.TryRead(frame.User ?? "", position))
            return;
        if (frame.User == session.Connector.User)
            state.Cursor.Follow(position);
        session.Emit(new ReadMoved { Room = state.Name, User = frame.User ?? "", Position = state.Known(position) });
    }

    private void OnPresence(Link link, ServerFrame frame)
    {
        Rooms.StateOf(frame.Room!);
        var attendance = link.RoomOf(frame.Room!).Attendance ??= new Attendance();
        attendance.Take(frame);
        if (link == Current)
            session.Emit(attendance.ToEvent(frame.Room!, frame));
    }
}
