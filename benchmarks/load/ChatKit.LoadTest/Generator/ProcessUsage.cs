using System.Globalization;

namespace ChatKit.LoadTest.Generator;

/// <summary>The resource usage of a process.</summary>
internal static class ProcessUsage
{
    /// <summary>The clock of a process has the complement of its id in the upper bits.</summary>
    private const int ProcessShift = 3;

    /// <summary>The user and system time of a process, in seconds. Its clock has no ticks of 10 ms, unlike /proc.</summary>
    public static unsafe double CpuSeconds(int process)
    {
        var time = stackalloc long[2];
        if (Native.GetTime((~process << ProcessShift) | Native.SchedulerClock, time) != 0)
            throw Native.Failure("clock_gettime");
        return time[0] + (time[1] / 1e9);
    }

    /// <summary>The resident memory of a process, in KiB, from /proc.</summary>
    public static long ResidentKiB(int process) =>
        long.Parse(
            File.ReadLines($"/proc/{process}/status").First(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal))[6..^2],
            CultureInfo.InvariantCulture);
}
