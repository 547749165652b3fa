namespace ChatKit.Testing.Hosting;

/// <summary>What is to go wrong on one node.</summary>
internal sealed class NodeFaults
{
    private int _lost;

    /// <summary>Lets the backplane lose the next messages to this node.</summary>
    public void LoseNext(int count) => Interlocked.Add(ref _lost, count);

    /// <summary>Whether a message is lost on its way to this node. Rooms of ChatKit itself, whose names begin with U+0001, lose none.</summary>
    public bool Loses(string room)
    {
        if (room.StartsWith('\u0001') || Volatile.Read(ref _lost) == 0)
            return false;
        if (Interlocked.Decrement(ref _lost) >= 0)
            return true;
        Interlocked.Increment(ref _lost);
        return false;
    }
}
