using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;
using ChatKit.Client.Subscriptions;

namespace ChatKit.Client.Rooms;

/// <summary>The rooms that the client knows, and the positions from which it resumes. Under the session's lock.</summary>
internal sealed class RoomBook
{
    /// <summary>The events that wait for the first reader of a room. Most applications read those of the client.</summary>
    private const int MaxEarlyEvents = 256;

    private readonly Session _session;

    /// <summary>By name; the room whose position has moved last is the last one.</summary>
    private readonly OrderedDictionary<string, RoomState> _rooms = [];

    public RoomBook(Session session)
    {
        _session = session;
        Entrance = new Entrance(session, this);
        foreach (var (room, start) in session.Settings.After)
        {
            var slash = start.IndexOf('/', start.LastIndexOf(':') + 1);
            var state = StateOf(room);
            state.Position = MessagePosition.Parse(slash < 0 ? start : start[..slash]);
            state.Revision = slash > 0 && long.TryParse(start.AsSpan(slash + 1), out var revision) ? revision : null;
        }
    }

    /// <summary>Enters and leaves rooms.</summary>
    public Entrance Entrance { get; }

    /// <summary>The name of the home room, once it is known.</summary>
    public string? Home { get; private set; }

    public IEnumerable<RoomState> All => _rooms.Values;

    public IEnumerable<RoomState> Joined => _rooms.Values.Where(static state => state.Membership is not null);

    public RoomState? Find(string room) => _rooms.GetValueOrDefault(room);

    public RoomState StateOf(string room)
    {
        if (!_rooms.TryGetValue(room, out var state))
            _rooms.Add(room, state = new RoomState(room, CursorOf(room)));
        return state;
    }

    public Membership NewMembership() => new(new EventHub(
        _session.Gate, _session.Settings.Options.MaxQueuedEvents, Math.Min(MaxEarlyEvents, _session.Settings.Options.MaxQueuedEvents),
        _session.Telemetry.Dropped));

    /// <summary>The name of a room in a frame: the home room needs none.</summary>
    public string? AddressOf(string room) => room == Home ? null : room;

    public void MeetHome(string room) => Home = room;

    public void Forget(RoomState state)
    {
        state.Cursor.Stop();
        state.Membership?.Events.Complete();
        _rooms.Remove(state.Name);
    }

    /// <summary>Moves the position of a room.</summary>
    public void Reach(RoomState state, MessagePosition position)
    {
        state.Position = position;
        if (_rooms.Count == 0 || _rooms.GetAt(_rooms.Count - 1).Value == state || !_rooms.Remove(state.Name))
            return;
        _rooms.Add(state.Name, state);
    }

    /// <summary>Adds the positions from which a connection resumes, and the ids of earlier ones.</summary>
    /// <param name="address">The address.</param>
    /// <param name="former">The ids of earlier connections.</param>
    /// <param name="maxLength">The maximum length of the result.</param>
    /// <param name="isWhole">Whether to name all rooms; otherwise, those that the server lets the client into by itself.</param>
    /// <param name="unnamed">The rooms that don't fit.</param>
    public Uri AddQuery(Uri address, IEnumerable<string> former, int maxLength, bool isWhole, out RoomState[] unnamed)
    {
        var parts = new List<string>();
        if (address.Query.Length > 1)
            parts.Add(address.Query[1..]);
        parts.AddRange(former.Select(static id => $"connection={Uri.EscapeDataString(id)}"));
        var length = address.GetLeftPart(UriPartial.Path).Length + parts.Sum(static part => part.Length + 1) + "&resume=frame".Length;
        var rooms = _rooms.Values.Where(state => state.Resume is not null && (isWhole || !state.IsOwn)).Reverse().ToArray();
        var named = 0;
        while (named < rooms.Length)
        {
            var part = $"after={Uri.EscapeDataString($"{rooms[named].Name}~{rooms[named].Resume}")}";
            if (length + part.Length + 1 > maxLength)
                break;
            parts.Add(part);
            length += part.Length + 1;
            named++;
        }

        unnamed = rooms[named..];
        if (unnamed.Length > 0 && !isWhole)
            parts.Add("resume=frame");
        return new UriBuilder(address) { Query = string.Join('&', parts) }.Uri;
    }

    /// <summary>Names the positions that didn't fit into the address.</summary>
    public static void Resume(Link link)
    {
        if (link.Unnamed.Length == 0)
            return;
        Resume(link, link.Unnamed);
        link.Send(ClientFrames.LastResume);
    }

    /// <summary>Whether a connection has caught up in all rooms that the client has joined, and that the server lets it into.</summary>
    public bool AreSettledOn(Link link) => Joined.All(state => link.IsSettledIn(state.Name));

    /// <summary>A connection has taken the place of another one.</summary>
    public void Replaced(Link link)
    {
        foreach (var (room, place) in link.Rooms.ToArray())
        {
            if (place.Attendance is { } attendance)
                _session.Emit(attendance.ToEvent(room, null));
            if (place.Refusal is { } refusal && Find(room) is { } state)
                Entrance.Refuse(link, state, refusal);
        }
    }

    /// <summary>The client has caught up with a room on the connection that it uses.</summary>
    public void ReportLive(RoomState state, ServerFrame live)
    {
        MessagePosition? read = MessagePosition.TryParse(live.Read, out var known) ? known : null;
        var position = state.Position ?? MessagePosition.None;
        if (read is { } last)
            read = state.Read(_session.Connector.User!, last);
        state.Cursor.Start(read, position);
        _session.Emit(new RoomLive
        {
            Room = state.Name,
            Recovered = live.Recovered,
            Read = read is { } done ? state.Known(done) : null,
            Unread = live.Unread,
            At = position,
            Revision = state.Revision ?? 0,
        });
    }

    /// <summary>The current connection has ended.</summary>
    public void Drop()
    {
        foreach (var state in _rooms.Values)
            state.Cursor.Stop();
    }

    /// <summary>The client stays closed. Joins that weren't answered fail.</summary>
    public void Abandon(Exception problem)
    {
        foreach (var state in Joined.ToArray())
        {
            if (state.Membership!.Entered.TrySetException(problem))
                Forget(state);
        }
    }

    /// <summary>The client is disposed, or its process ends.</summary>
    public void Finish()
    {
        foreach (var state in _rooms.Values)
            state.Cursor.Finish();
    }

    /// <summary>There will be no further events.</summary>
    public void Complete()
    {
        foreach (var state in Joined)
        {
            state.Membership!.Events.Complete();
            state.Membership.Entered.TrySetException(new ObjectDisposedException(nameof(ChatClient)));
        }
    }

    private ReadCursor CursorOf(string room) => new(
        _session.Time, _session.Gate, _session.Settings.Times.Read,
        position => _session.Connector.Current?.Send(ClientFrames.Read(AddressOf(room), position)));

    private static void Resume(Link link, RoomState[] rooms)
    {
        var frame = ClientFrames.Resume(rooms.Select(static state => KeyValuePair.Create(state.Name, state.Resume!)));
        if (link.Fits(frame))
        {
            link.Send(frame);
        }
        else if (rooms.Length > 1)
        {
            Resume(link, rooms[..(rooms.Length / 2)]);
            Resume(link, rooms[(rooms.Length / 2)..]);
        }
    }
}
