using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Attacks;

/// <summary>The effect of an attack on the server and the neighbours.</summary>
/// <param name="Attack">The attack.</param>
/// <param name="Options">The options of the attack.</param>
/// <param name="Before">The server before the attack.</param>
/// <param name="Quiet">The neighbours' latencies before the attack.</param>
/// <param name="During">The measurements during the attack.</param>
/// <param name="After">The server after all attackers have disconnected.</param>
/// <param name="AllGone">Whether all connections of the attackers have ended.</param>
/// <param name="Delivered">The outcome of the neighbours' messages.</param>
/// <param name="Failure">The reason for which a neighbour was disconnected; null if none was.</param>
internal sealed record AttackResult(
    Attack Attack,
    AttackOptions Options,
    ServerStats Before,
    Latencies Quiet,
    AttackFigures During,
    ServerStats After,
    bool AllGone,
    Neighbours.Delivered Delivered,
    string? Failure)
{
    /// <summary>The maximum ratio of the 99th percentile to the quiet one.</summary>
    public const double MaxRatio = 3;

    private const double MiB = 1024 * 1024;

    /// <summary>The memory that pools and full caches keep, in bytes.</summary>
    private const long Slack = 8 * 1024 * 1024;

    /// <summary>The minimum share of their rate that attackers must reach.</summary>
    private const double LeastOfRate = 0.5;

    /// <summary>The number of handles that the platform may open, for example for threads and timers.</summary>
    private const int HandleSlack = 10;

    public double Ratio => During.Latencies.Milliseconds(0.99) / Quiet.Milliseconds(0.99);

    public bool IsFair => Ratio <= MaxRatio;

    /// <summary>Whether the attackers were too slow because the machine was busy, so that the result is not meaningful.</summary>
    public bool IsWeak => During.PerSecond < Attack.PerSecond * Options.Share * LeastOfRate;

    /// <summary>The problems that must not occur, even on a busy machine.</summary>
    public IEnumerable<string> Problems
    {
        get
        {
            if (!Delivered.IsExact)
                yield return $"{Delivered}";
            if (Failure is not null)
                yield return Failure;
            if (During.PerSecond == 0)
                yield return "nothing was done";
            if (!AllGone)
                yield return "connections of attackers are left";
            if (During.Peak - Before.Resident > Attack.MemoryLimit * MiB)
                yield return $"took {(During.Peak - Before.Resident) / MiB:0} MiB more, {Attack.MemoryLimit} are allowed";
            if (!IsBack(Before, After, Attack))
                yield return $"afterwards {After} is too much for what was before: {Before}";
            if (!After.IsClean)
                yield return string.Join('\n', After.Problems);
        }
    }

    public static IReadOnlyList<string> Header { get; } =
    [
        "attack", "wanted/s", "done/s", "connections", "p50 ms", "p99 ms", "p50 under", "p99 under", "ratio", "GC ms",
        "MiB before", "peak", "after", "objects before", "after", "lost, doubled, late",
    ];

    public IReadOnlyList<string> Row =>
    [
        $"{Attack.Name}: {Attack.Unit}", $"{Attack.PerSecond * Options.Share:N0}", $"{During.PerSecond:N0}", $"{During.Connections:N0}",
        $"{Quiet.Milliseconds(0.5):0.00}", $"{Quiet.Milliseconds(0.99):0.00}",
        $"{During.Latencies.Milliseconds(0.5):0.00}", $"{During.Latencies.Milliseconds(0.99):0.00}", $"{Ratio:0.0}", $"{During.Paused:0}",
        $"{Before.Resident / MiB:0}", $"{During.Peak / MiB:0}", $"{After.Resident / MiB:0}",
        $"{Before.Managed / MiB:0.0}", $"{After.Managed / MiB:0.0}",
        $"{Delivered.Lost}, {Delivered.Duplicates}, {Delivered.Late}",
    ];

    /// <summary>Whether a server has released its resources.</summary>
    public static bool IsBack(ServerStats before, ServerStats after, Attack attack) =>
        after.Managed <= before.Managed + Slack + (attack.KeptMemory * MiB) && after.Handles <= before.Handles + HandleSlack;
}
