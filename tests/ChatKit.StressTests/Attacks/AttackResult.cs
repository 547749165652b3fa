using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Attacks;

/// <summary>What an attack has done to the server and to the neighbours.</summary>
/// <param name="Attack">The attack.</param>
/// <param name="Options">How it was made.</param>
/// <param name="Before">The server before.</param>
/// <param name="Quiet">How long the messages of the neighbours took before.</param>
/// <param name="During">What was measured meanwhile.</param>
/// <param name="After">The server when all attackers are gone.</param>
/// <param name="AllGone">Whether all connections of the attackers are gone.</param>
/// <param name="Delivered">What has become of the messages of the neighbours.</param>
/// <param name="Failure">Why a neighbour was sent away; null if none was.</param>
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
    /// <summary>How many times as long the slowest hundredth may take.</summary>
    public const double MaxRatio = 3;

    private const double MiB = 1024 * 1024;

    /// <summary>In bytes: what pools keep, and caches that have filled.</summary>
    private const long Slack = 8 * 1024 * 1024;

    /// <summary>What attackers must at least do of what they are meant to.</summary>
    private const double LeastOfRate = 0.5;

    /// <summary>Handles that the platform opens now and then, for a thread or a timer.</summary>
    private const int HandleSlack = 10;

    public double Ratio => During.Latencies.Milliseconds(0.99) / Quiet.Milliseconds(0.99);

    public bool IsFair => Ratio <= MaxRatio;

    /// <summary>Whether the attackers were prevented, by a machine that has better things to do: then nothing is shown.</summary>
    public bool IsWeak => During.PerSecond < Attack.PerSecond * Options.Share * LeastOfRate;

    /// <summary>What must not be, however noisy the machine is.</summary>
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
        $"{Delivered.Lost}, {Delivered.Doubled}, {Delivered.Late}",
    ];

    /// <summary>Whether a server has let go what it took.</summary>
    public static bool IsBack(ServerStats before, ServerStats after, Attack attack) =>
        after.Managed <= before.Managed + Slack + (attack.KeptMemory * MiB) && after.Handles <= before.Handles + HandleSlack;
}
