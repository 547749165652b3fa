using System.Diagnostics;

namespace ChatKit.LoadTest.Generator;

/// <summary>The time after which an operation has taken too long.</summary>
internal readonly struct Deadline(TimeSpan time)
{
    private readonly long _end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);

    public bool HasPassed => Stopwatch.GetTimestamp() > _end;

    public void ThrowIfPassed(string message)
    {
        if (HasPassed)
            throw new TimeoutException(message);
    }
}
