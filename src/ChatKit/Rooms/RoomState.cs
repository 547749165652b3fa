namespace ChatKit.Rooms;

/// <summary>
/// The state of a room on this node: its members, its place in the stream, its latest messages, and the items that it has yet to deliver.
/// One lock guards all of it. The lock is never held across an await.
/// </summary>
internal sealed class RoomState
{
    private readonly HashSet<RoomMember> _members = [];
    private LiveMembers? _live;
    private int _waiting;

    /// <param name="name">The room's name.</param>
    /// <param name="delivery">Delivers the items that the room has accepted.</param>
    public RoomState(string name, IDelivery delivery)
    {
        Name = name;
        Queue = new FanOutQueue(Gate, delivery);
    }

    public string Name { get; }

    public Lock Gate { get; } = new();

    public FanOutQueue Queue { get; }

    public StreamCursor Cursor { get; } = new();

    public RoomTail Tail { get; } = new();

    /// <summary>Whether the last member has left. A closed room accepts no members.</summary>
    public bool IsClosed { get; private set; }

    public IReadOnlyCollection<RoomMember> Members
    {
        get
        {
            Gate.AssertHeld();
            return _members;
        }
    }

    /// <summary>How often positions or revisions were discarded. What was read before may contain them.</summary>
    public int Rewinds { get; private set; }

    /// <summary>The largest number of stored messages that a member has received on joining.</summary>
    public int LargestReplay { get; private set; }

    /// <summary>Whether a member receives stored messages.</summary>
    public bool NeedsHistory
    {
        get
        {
            Gate.AssertHeld();
            return _members.Any(static member => member.Replay > 0);
        }
    }

    /// <summary>The number of members that are catching up, or are waiting to do so.</summary>
    public int Waiting => _waiting;

    /// <summary>Whether a member is catching up, or is waiting to do so.</summary>
    public bool HasWaiting => _waiting > 0;

    public void Add(RoomMember member)
    {
        Gate.AssertHeld();
        _members.Add(member);
        LargestReplay = Math.Max(LargestReplay, member.Replay);
    }

    /// <summary>Removes a member, and closes the room if it was the last. Returns false if it was removed before.</summary>
    public bool Remove(RoomMember member)
    {
        Gate.AssertHeld();
        if (!_members.Remove(member))
            return false;
        SetState(member, MemberState.Outside);
        IsClosed = _members.Count == 0;
        return true;
    }

    public void SetState(RoomMember member, MemberState state)
    {
        Gate.AssertHeld();
        _waiting += Waits(state) - Waits(member.State);
        if (_waiting > 0)
            Tail.Begin(Cursor.Accepted, Cursor.Revision);
        else if (!Tail.HasPage)
            Tail.Clear();
        _live = null;
        member.State = state;
        member.LiveFrom = Queue.NextNumber;

        static int Waits(MemberState state) => state is MemberState.CatchingUp or MemberState.Stalled ? 1 : 0;
    }

    /// <summary>Discards the positions after this one, and all revisions. Other messages and changes will have them.</summary>
    public void Rewind(MessagePosition top)
    {
        Gate.AssertHeld();
        _live = null;
        Tail.Clear();
        Rewinds++;
        foreach (var member in _members)
        {
            member.DeliveredRevision = 0;
            if (top.IsAtOrBefore(member.DeliveredThrough))
                member.DeliveredThrough = top;
        }

    }

    /// <summary>The stream goes on under another epoch. Members that are ahead of the room have its messages already.</summary>
    public void Rename(string epoch)
    {
        Gate.AssertHeld();
        _live = null;
        foreach (var member in _members)
            member.DeliveredThrough = member.DeliveredThrough with { Epoch = member.DeliveredThrough.Sequence > 0 ? epoch : "" };
    }

    /// <summary>Returns the live members. Takes the lock.</summary>
    public LiveMembers LiveMembers()
    {
        lock (Gate)
            return _live ??= new LiveMembers(_members);
    }
}
