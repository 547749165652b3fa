using System.Diagnostics;
using System.Numerics;

namespace ChatKit.LoadTest.Generator;

/// <summary>Counts durations in buckets that are 3 % wide. Recording a duration allocates nothing.</summary>
internal sealed class Histogram
{
    private const int SubBits = 5;
    private readonly long[] _counts = new long[64 << SubBits];

    public long Count { get; private set; }

    /// <param name="ticks">The difference of two <see cref="Stopwatch"/> timestamps.</param>
    public void Record(long ticks)
    {
        _counts[Bucket(Math.Max(ticks, 1))]++;
        Count++;
    }

    /// <summary>The percentile in microseconds; null if there are no durations.</summary>
    public double? Microseconds(double share)
    {
        if (Count == 0)
            return null;

        var rest = (long)Math.Ceiling(share * Count);
        var bucket = 0;
        while ((rest -= _counts[bucket]) > 0)
            bucket++;
        return UpperEnd(bucket) * 1e6 / Stopwatch.Frequency;
    }

    /// <summary>The position of the highest bit, followed by the next bits.</summary>
    private static int Bucket(long ticks)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)ticks) - SubBits);
        return (shift << SubBits) + (int)(ticks >> shift);
    }

    private static double UpperEnd(int bucket)
    {
        var shift = Math.Max(0, (bucket >> SubBits) - 1);
        return (double)((long)(bucket - (shift << SubBits) + 1) << shift) - 1;
    }
}
