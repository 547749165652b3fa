using System.Diagnostics;

namespace ChatKit.StressTests.Harness;

/// <summary>Lets so many things happen a second, and not more, whoever does them.</summary>
internal sealed class Pace(double perSecond)
{
    /// <summary>In ticks. What could not be done in time is not made up for beyond this: that would be another rate.</summary>
    private static readonly long MaxDebt = Stopwatch.Frequency / 10;

    private readonly Lock _gate = new();
    private readonly double _ticksEach = Stopwatch.Frequency / perSecond;
    private double _next = Stopwatch.GetTimestamp();
    private long _taken;

    /// <summary>How much has been done.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Waits until a number of things may be done.</summary>
    public async ValueTask TakeAsync(int count, CancellationToken stop)
    {
        double due;
        lock (_gate)
        {
            due = Math.Max(_next, Stopwatch.GetTimestamp() - MaxDebt);
            _next = due + (count * _ticksEach);
        }

        var wait = TimeSpan.FromSeconds((due - Stopwatch.GetTimestamp()) / Stopwatch.Frequency);
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, stop);
        stop.ThrowIfCancellationRequested();
        Interlocked.Add(ref _taken, count);
    }
}
