using ChatKit.Client.Subscriptions;

namespace ChatKit.Client.Rooms;

/// <summary>What the client knows of a room, on all of its connections. Under the session's lock.</summary>
internal sealed class RoomState(string name, ReadCursor cursor)
{
    /// <summary>The number of epochs that are remembered.</summary>
    private const int MaxForks = 16;

    /// <summary>The number of users whose positions are remembered.</summary>
    private const int MaxReaders = 1_024;

    private readonly List<MessagePosition> _forks = []; // the last positions of epochs that ended without a gap
    private Dictionary<string, MessagePosition>? _reads; // by user

    public string Name => name;

    public ReadCursor Cursor => cursor;

    public MessagePosition? Position { get; set; }

    /// <summary>The revision of the latest change.</summary>
    public long? Revision { get; set; }

    /// <summary>The oldest position that the application has received.</summary>
    public MessagePosition? First { get; set; }

    /// <summary>When signals were last sent, by name.</summary>
    public Dictionary<string, long>? Signals { get; set; }

    /// <summary>The last request for older messages.</summary>
    public Task? Older { get; set; }

    /// <summary>The application's stay, if it has joined the room.</summary>
    public Membership? Membership { get; set; }

    /// <summary>The client alone enters the room. Otherwise, the server needs the position in the handshake.</summary>
    public bool IsOwn { get; set; }

    /// <summary>The position from which to resume.</summary>
    public string? Resume => Position is not { } position ? null : Revision is > 0 ? $"{position}/{Revision}" : position.ToString();

    public void Reset()
    {
        (Revision, First) = (null, null);
        cursor.Reset();
        _reads = null;
        _forks.Clear();
    }

    /// <summary>The stream goes on, perhaps in another epoch.</summary>
    public void Fork(MessagePosition next)
    {
        if (Position is not { } position || position.IsOfSameEpoch(next))
            return;
        _forks.Add(position);
        if (_forks.Count > MaxForks)
            _forks.RemoveAt(0);
    }

    /// <summary>Takes the position that a user has read. Returns false if a later one is known.</summary>
    public bool TryRead(string user, MessagePosition position)
    {
        var reads = _reads ??= [];
        if (reads.TryGetValue(user, out var known) && !position.IsAfter(known))
            return false;
        if (reads.Count >= MaxReaders)
            reads.Clear();
        reads[user] = position;
        return true;
    }

    /// <summary>Takes the position that a user has read. Returns the latest one that is known.</summary>
    public MessagePosition Read(string user, MessagePosition position) => TryRead(user, position) ? position : _reads![user];

    /// <summary>The position at which the application has received a message. The server states all positions in its latest epoch.</summary>
    public MessagePosition Known(MessagePosition position)
    {
        foreach (var fork in _forks)
        {
            if (position.Sequence <= fork.Sequence)
                return fork.WithSequence(position.Sequence);
        }

        return position;
    }
}

/// <summary>The time from a call of <see cref="ChatClient.JoinAsync"/> until the client leaves the room, or is taken out.</summary>
internal sealed class Membership(EventHub events)
{
    /// <summary>The readers of the room's events.</summary>
    public EventHub Events => events;

    public JoinedRoom? Room { get; set; }

    /// <summary>Completes when the server has let the client in.</summary>
    public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
