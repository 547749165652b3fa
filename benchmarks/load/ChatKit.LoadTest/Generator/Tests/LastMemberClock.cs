namespace ChatKit.LoadTest.Generator.Tests;

/// <summary>Measures when a message has reached the last member of a room.</summary>
internal sealed class LastMemberClock(int senders, int members)
{
    /// <summary>The maximum number of messages of a sender in flight.</summary>
    private const int Window = 64;

    private readonly int[] _missing = Enumerable.Repeat(members, senders * Window).ToArray();

    public Histogram Latencies { get; } = new();

    public void Receive(int sender, uint counter, long latency, bool record)
    {
        ref var missing = ref _missing[(sender * Window) + (int)(counter % Window)];
        if (--missing > 0)
            return;

        missing = members;
        if (record)
            Latencies.Record(latency);
    }
}
