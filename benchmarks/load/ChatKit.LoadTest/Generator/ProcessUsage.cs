using System.Globalization;

namespace ChatKit.LoadTest.Generator;

/// <summary>The resource usage of a process, read from /proc.</summary>
internal static class ProcessUsage
{
    /// <summary>The unit of times in /proc, USER_HZ: 100 on every Linux.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>The user and system time of a process, in seconds.</summary>
    public static double CpuSeconds(int process)
    {
        // The name, in parentheses, can contain any character. The state follows it, and the times are eleven and twelve fields later.
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>The resident memory of a process, in KiB.</summary>
    public static long ResidentKiB(int process) =>
        long.Parse(
            File.ReadLines($"/proc/{process}/status").First(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal))[6..^2],
            CultureInfo.InvariantCulture);
}
