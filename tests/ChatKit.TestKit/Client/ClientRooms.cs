namespace ChatKit.TestKit.Client;

/// <summary>
/// The rooms of a client: what it has of each, which of them it has asked to join, and the frames that are sent once, without waiting for an
/// answer. Thread-safe.
/// </summary>
internal sealed class ClientRooms
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Place> _places = [];

    /// <summary>The rooms that the client has ever asked to join. The others are those into which the server puts it.</summary>
    private readonly Dictionary<string, Stay> _stays = [];

    private readonly Queue<ClientFrame> _frames = new();
    private bool _open;
    private int _count;

    public string? PositionIn(string room)
    {
        lock (_gate)
            return _places.GetValueOrDefault(room)?.Position;
    }

    /// <summary>The room, the position, and the revision of each room, as in the handshake.</summary>
    public string[] Positions()
    {
        lock (_gate)
        {
            return
            [
                .. _places
                    .Where(static place => place.Value.Position is not null)
                    .Select(static place => place.Value.Revision is { } revision
                        ? $"{place.Key}~{place.Value.Position}/{revision}"
                        : $"{place.Key}~{place.Value.Position}"),
            ];
        }
    }

    public void Join(string room)
    {
        lock (_gate)
        {
            var stay = _stays[room] = new Stay();
            _places.Remove(room);
            if (_open)
                Join(room, stay);
        }
    }

    public void Leave(string room)
    {
        lock (_gate)
        {
            if (!_stays.TryGetValue(room, out var stay))
                return;
            (stay.IsWanted, stay.IsIn, stay.Ref) = (false, false, null);
            _places.Remove(room);
            if (_open)
                _frames.Enqueue(ClientFrame.Leave(NextRef(), room));
        }
    }

    /// <summary>Sends a frame once, if there is a connection.</summary>
    public bool TrySend(ClientFrame frame)
    {
        lock (_gate)
        {
            if (_open)
                _frames.Enqueue(frame);
            return _open;
        }
    }

    public ClientFrame? TakeFrame()
    {
        lock (_gate)
            return _frames.TryDequeue(out var frame) ? frame : null;
    }

    /// <summary>There is a new connection, on which the client joins its rooms again.</summary>
    public void Open()
    {
        lock (_gate)
        {
            _open = true;
            foreach (var (room, stay) in _stays.Where(static stay => stay.Value.IsWanted))
                Join(room, stay);
        }
    }

    /// <summary>The connection is lost.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _open = false;
            _frames.Clear();
            foreach (var stay in _stays.Values)
                (stay.IsIn, stay.Ref) = (false, null);
            foreach (var place in _places.Values)
                place.Gaps = [];
        }
    }

    /// <summary>Returns the room that the client has entered for the first time in this stay, if the ack is that of its join.</summary>
    public string? Acknowledge(string? reference)
    {
        lock (_gate)
        {
            if (Find(reference) is not (var room, { } stay))
                return null;
            stay.IsIn = true;
            var isFirst = !stay.WasIn;
            stay.WasIn = true;
            return isFirst ? room : null;
        }
    }

    /// <summary>Returns the room that the client cannot enter, if the error is that of its join.</summary>
    public string? Refuse(string? reference)
    {
        lock (_gate)
        {
            if (Find(reference) is not (var room, { } stay))
                return null;
            stay.IsWanted = false;
            return room;
        }
    }

    /// <summary>Whether a frame of a room is for the client. After it has left a room, frames can be on their way.</summary>
    public bool IsIn(string room)
    {
        lock (_gate)
            return !_stays.TryGetValue(room, out var stay) || stay.IsIn;
    }

    /// <summary>Takes a message, and the gaps before it. Returns false if the client already has it, or is not in the room.</summary>
    public bool TryTake(string room, MessagePosition position, out List<GapFound> gaps)
    {
        lock (_gate)
        {
            gaps = [];
            if (!IsIn(room))
                return false;

            // Reported together with the next message. If that does not arrive, the server reports the gap again, and it may have grown.
            var place = PlaceIn(room);
            gaps = place.Gaps;
            var isReset = gaps.Exists(static gap => gap.IsReset);
            if (!isReset && place.Position is { } seen && Covers(MessagePosition.Parse(seen), position))
                return false;
            if (isReset)
                place.Revision = null;
            (place.Gaps, place.Position) = ([], position.ToString());
            return true;
        }
    }

    /// <summary>Takes a gap. Returns false if it is to be reported later, or if the client is not in the room.</summary>
    public bool TryTake(GapFound gap)
    {
        lock (_gate)
        {
            if (!IsIn(gap.Room))
                return false;
            var place = PlaceIn(gap.Room);
            if (gap.Next is not null)
            {
                // A gap that has grown replaces the one that starts at the same position. Otherwise, it follows that one.
                place.Gaps.RemoveAll(earlier => earlier.After == gap.After);
                place.Gaps.Add(gap);
                return false;
            }

            (place.Gaps, place.Position, place.Revision) = ([], MessagePosition.None.ToString(), null);
            return true;
        }
    }

    public bool TryTakeChange(string room, long revision)
    {
        lock (_gate)
        {
            // After a reset, it is of a message that the client received before.
            var place = PlaceIn(room);
            if (!IsIn(room) || place.Gaps.Exists(static gap => gap.IsReset))
                return false;
            place.Revision = revision;
            return true;
        }
    }

    /// <summary>Takes the position and the revision of <c>live</c>, and the gaps that no message has followed.</summary>
    public bool TryTakeLive(string room, string position, long revision, out List<GapFound> gaps)
    {
        lock (_gate)
        {
            gaps = [];
            if (!IsIn(room))
                return false;
            var place = PlaceIn(room);
            (gaps, place.Gaps, place.Position, place.Revision) = (place.Gaps, [], position, revision);
            return true;
        }
    }

    /// <summary>Whether a client that has received one position has received the other. Only sequences of one epoch can be compared.</summary>
    private static bool Covers(MessagePosition seen, MessagePosition position) =>
        seen.Epoch == position.Epoch && position.Sequence <= seen.Sequence;

    private (string Room, Stay Stay)? Find(string? reference) =>
        reference is not null && _stays.FirstOrDefault(stay => stay.Value.Ref == reference) is { Key: { } room, Value: var found }
            ? (room, found)
            : null;

    private Place PlaceIn(string room)
    {
        if (!_places.TryGetValue(room, out var place))
            _places.Add(room, place = new Place());
        return place;
    }

    private void Join(string room, Stay stay)
    {
        stay.Ref = NextRef();
        _frames.Enqueue(ClientFrame.Join(stay.Ref, room));
    }

    private string NextRef() => $"room-{++_count}";

    /// <summary>What the client has of a room.</summary>
    private sealed class Place
    {
        public string? Position { get; set; }

        public long? Revision { get; set; }

        /// <summary>The gaps that are not reported yet.</summary>
        public List<GapFound> Gaps { get; set; } = [];
    }

    /// <summary>The time from a call of Join to a call of Leave.</summary>
    private sealed class Stay
    {
        public bool IsWanted { get; set; } = true;

        /// <summary>The ref of the join on this connection.</summary>
        public string? Ref { get; set; }

        /// <summary>Whether the server has acknowledged the join on this connection.</summary>
        public bool IsIn { get; set; }

        public bool WasIn { get; set; }
    }
}
