using System.Diagnostics;

namespace ChatKit.LoadTest.Generator.Tests;

/// <summary>The counters at a point in time.</summary>
internal readonly record struct Snapshot(
    long Time, long Deliveries, long Messages, long Requests, long Bytes, double ServerCpu, double GeneratorCpu)
{
    public static Snapshot Take(int process, Fleet fleet, long deliveries = 0, long messages = 0) =>
        new(
            Stopwatch.GetTimestamp(),
            deliveries,
            messages,
            fleet.Requests,
            fleet.Bytes,
            ProcessUsage.CpuSeconds(process),
            Environment.CpuUsage.TotalTime.TotalSeconds);

    public double SecondsSince(Snapshot start) => Stopwatch.GetElapsedTime(start.Time, Time).TotalSeconds;

    public double GeneratorLoadSince(Snapshot start) => (GeneratorCpu - start.GeneratorCpu) / SecondsSince(start);
}
