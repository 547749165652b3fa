using System.Diagnostics;

namespace ChatKit.StressTests.Harness;

/// <summary>Records latencies. Only one thread may write.</summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = [];

    public int Count => _ticks.Count;

    public void Add(long ticks) => _ticks.Add(ticks);

    /// <summary>Returns a percentile in milliseconds.</summary>
    public double Milliseconds(double share)
    {
        if (_ticks.Count == 0)
            return double.NaN;
        _ticks.Sort();
        return _ticks[(int)Math.Ceiling(share * _ticks.Count) - 1] * 1000.0 / Stopwatch.Frequency;
    }
}
