namespace ChatKit.Testing.Connections;

/// <summary>How far a client has followed each room, for its next connection.</summary>
internal sealed class KnownPositions
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StreamPosition> _rooms = [];

    public IReadOnlyDictionary<string, MessagePosition> Messages
    {
        get
        {
            lock (_gate)
                return _rooms.ToDictionary(static room => room.Key, static room => room.Value.Message);
        }
    }

    public IReadOnlyDictionary<string, long> Revisions
    {
        get
        {
            lock (_gate)
            {
                return _rooms
                    .Where(static room => room.Value.Revision is not null)
                    .ToDictionary(static room => room.Key, static room => room.Value.Revision!.Value);
            }
        }
    }

    /// <summary>The position in a room, as a frame states it; null if the client has none.</summary>
    public string? Find(string room)
    {
        lock (_gate)
            return _rooms.TryGetValue(room, out var position) ? position.ToString() : null;
    }

    public void Follow(ChatFrame frame)
    {
        if (frame.Room is not { } room)
            return;
        lock (_gate)
        {
            var known = _rooms.TryGetValue(room, out var position);
            if (frame is { Type: "message" or "skip", Position: { } message })
                _rooms[room] = new StreamPosition(message, position.Revision);
            else if (frame is { Type: "live", Position: { } live })
                _rooms[room] = new StreamPosition(live, frame.Number("revision") ?? 0);
            else if (frame.Type == "change" && known)
                _rooms[room] = position with { Revision = Math.Max(position.Revision ?? 0, frame.Number("revision") ?? 0) };
            else if (frame.Type == "gap" && frame.Flag("reset"))
                _rooms[room] = new StreamPosition(MessagePosition.None);
        }
    }
}
