using System.Diagnostics;

namespace ChatKit.LoadTest.Generator.Tests;

/// <summary>Senders that send by the clock, one after the other.</summary>
internal sealed class PacedSenders(IReadOnlyList<Sender> senders, double rate)
{
    private readonly double _interval = senders.Count == 0 ? double.PositiveInfinity : Stopwatch.Frequency / rate;
    private long _start;
    private long _count;

    public void Start() => _start = Stopwatch.GetTimestamp();

    /// <summary>
    /// Sends what is due, stamped with the time when it was due: a generator or server that lags shows in the latency. Returns
    /// for how many milliseconds nothing will be due.
    /// </summary>
    public int SendDue()
    {
        if (senders.Count == 0)
            return 100;

        long due;
        while ((due = _start + (long)(_count * _interval)) <= Stopwatch.GetTimestamp())
            senders[(int)(_count++ % senders.Count)].Send(due);
        return (int)Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due).TotalMilliseconds;
    }
}
