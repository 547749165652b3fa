namespace ChatKit.StressTests.Harness;

/// <summary>
/// Checks that a client receives the numbers that several senders send in turns: each once, and those of a sender in order. Only one thread
/// may use it.
/// </summary>
/// <param name="senders">The number of senders. The remainder of a number identifies its sender.</param>
internal sealed class Exactness(int senders)
{
    private readonly HashSet<long> _missing = [];
    private readonly long[] _next = [.. Enumerable.Range(0, senders)];

    /// <summary>The number that arrived after a later number of the same sender.</summary>
    public long Late { get; private set; }

    public long Duplicates { get; private set; }

    /// <summary>The number of different numbers that arrived.</summary>
    public long Count { get; private set; }

    /// <summary>A hash of the order, which is equal for clients that received the same numbers in the same order.</summary>
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
            Duplicates++;
        }
    }
}
