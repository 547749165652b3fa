namespace ChatKit.StressTests.Harness;

/// <summary>
/// Whether somebody gets the numbers that some senders say in turns: each once, and those of a sender in their order. To be used by one
/// thread.
/// </summary>
/// <param name="senders">How many there are: a number is said by the one whose number is the remainder.</param>
internal sealed class Exactness(int senders)
{
    private readonly HashSet<long> _missing = [];
    private readonly long[] _next = [.. Enumerable.Range(0, senders)];

    /// <summary>How many have come behind one that their sender has said later.</summary>
    public long Late { get; private set; }

    public long Doubled { get; private set; }

    /// <summary>How many have come, each counted once.</summary>
    public long Count { get; private set; }

    /// <summary>Stands for the order of all that has come: the same for all who have got the same.</summary>
    public int Order { get; private set; }

    public void See(long number)
    {
        Order = HashCode.Combine(Order, number);
        ref var next = ref _next[number % senders];
        if (number >= next)
        {
            for (; next < number; next += senders)
                _missing.Add(next);
            next += senders;
            Count++;
        }
        else if (_missing.Remove(number))
        {
            Late++;
            Count++;
        }
        else
        {
            Doubled++;
        }
    }
}
