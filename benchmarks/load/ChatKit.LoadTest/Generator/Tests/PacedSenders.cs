using System.Diagnostics;

namespace ChatKit.LoadTest.Generator.Tests;

/// <summary>Senders that take turns at a fixed rate.</summary>
internal sealed class PacedSenders(IReadOnlyList<Sender> senders, double rate)
{
    private readonly double _interval = senders.Count == 0 ? double.PositiveInfinity : Stopwatch.Frequency / rate;
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _count;

    /// <summary>
    /// Sends the messages that are due, stamped with the time when they were due, so that the latency includes any lag of the generator or
    /// the server. Returns the time in milliseconds until the next message is due.
    /// </summary>
    public int SendDue()
    {
        if (senders.Count == 0)
            return 100;

        long due;
        while ((due = _start + (long)(_count * _interval)) <= Stopwatch.GetTimestamp())
            senders[(int)(_count++ % senders.Count)].Send(due);

        // The next one may be due by now, and a wait for a negative time would not end.
        return Math.Max(0, (int)Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due).TotalMilliseconds);
    }
}
