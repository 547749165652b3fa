using System.Diagnostics;

namespace ChatKit.StressTests.Harness;

/// <summary>Limits the rate of actions, across all callers.</summary>
internal sealed class Pace(double perSecond)
{
    /// <summary>The limit of a backlog, in ticks. Catching up with more than this would be a different rate.</summary>
    private static readonly long MaxDebt = Stopwatch.Frequency / 10;

    private readonly Lock _gate = new();
    private readonly double _ticksEach = Stopwatch.Frequency / perSecond;
    private double _next = Stopwatch.GetTimestamp();
    private long _taken;

    /// <summary>The number of actions.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Waits until a number of actions is allowed.</summary>
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
