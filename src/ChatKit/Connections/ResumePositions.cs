namespace ChatKit.Connections;

/// <summary>
/// The last positions that a client has in rooms that it is not in. Each is used once, when the connection enters the room. Uses no memory if there
/// are none.
/// </summary>
internal struct ResumePositions
{
    private Dictionary<string, StreamPosition>? _positions;

    /// <param name="after">The positions that the handshake contains.</param>
    /// <param name="limit">The number of positions that are kept.</param>
    public ResumePositions(IReadOnlyDictionary<string, StreamPosition> after, int limit) =>
        _positions = after.Count > 0 ? new(after.Take(limit)) : null;

    /// <summary>Sets a position. Ignores it if there are as many as are kept.</summary>
    public void Set(string room, StreamPosition position, int limit)
    {
        _positions ??= [];
        if (_positions.Count < limit || _positions.ContainsKey(room))
            _positions[room] = position;
    }

    /// <summary>Adds a position if there is none for the room.</summary>
    public void TryAdd(string room, StreamPosition position) => (_positions ??= []).TryAdd(room, position);

    /// <summary>Takes the position in a room; null if there is none.</summary>
    public readonly StreamPosition? Take(string room) => _positions?.Remove(room, out var position) == true ? position : null;
}
