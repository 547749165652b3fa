using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Storms;

/// <summary>What a storm has done.</summary>
/// <param name="Storm">The storm.</param>
/// <param name="Tally">What has become of its clients.</param>
/// <param name="Here">What the bystanders on its node have noticed.</param>
/// <param name="There">What the bystanders on the other node have noticed.</param>
/// <param name="RedisMemory">The most memory that Redis took, in bytes.</param>
/// <param name="RedisBuffers">The most that waited in Redis for its clients, in bytes.</param>
/// <param name="Before">The storm's node before.</param>
/// <param name="Held">The same while slow clients are there; null in other storms.</param>
/// <param name="Peak">The most memory that the node took during the storm, in bytes.</param>
/// <param name="After">Both nodes afterwards; null for one that doesn't answer.</param>
internal sealed record StormResult(
    Storm Storm,
    StormTally Tally,
    StormFigures Here,
    StormFigures There,
    long RedisMemory,
    long RedisBuffers,
    ServerStats Before,
    ServerStats? Held,
    long Peak,
    IReadOnlyList<ServerStats?> After)
{
    private const double MiB = 1024 * 1024;
    private const double KiB = 1024;

    /// <summary>How many times as long the slowest hundredth of the bystanders' messages may take.</summary>
    private const double MaxRatio = 3;

    /// <summary>How long clients may take to become live, in milliseconds.</summary>
    private const double MaxUntilLive = 10_000;

    /// <summary>How much may wait in Redis for its clients, in MiB.</summary>
    private const double MaxRedisBuffers = 64;

    /// <summary>What a client costs besides what waits for it, in bytes.</summary>
    private const double MaxPerClient = 128 * KiB;

    public static IReadOnlyList<string> Header { get; } =
    [
        "storm", "clients", "live", "connections", "lost", "p50 ms to live", "p99 ms to live", "last live s",
        "here: p99 ms", "there: p99 ms", "lost, refused, doubled, late, gaps", "Redis peak MiB", "its buffers",
        "server MiB before", "peak", "KiB per client: resident", "objects",
    ];

    public IReadOnlyList<string> Row =>
    [
        Storm.Name, $"{Storm.Clients:N0}", $"{Tally.Live:N0}", $"{Tally.Connections:N0}", $"{Tally.Interrupted:N0}",
        $"{Tally.P50:N0}", $"{Tally.P99:N0}", $"{Tally.Last / 1000:0.0}", $"{Here}", $"{There}",
        $"{Sum(static o => o.Lost)}, {Sum(static o => o.Unacknowledged)}, {Sum(static o => o.Doubled)}, {Sum(static o => o.Late)}, {Sum(static o => o.Gaps)}",
        $"{RedisMemory / MiB:N0}", $"{RedisBuffers / MiB:N1}",
        $"{Before.Resident / MiB:0}", $"{Peak / MiB:0}", $"{(Peak - Before.Resident) / KiB / Storm.Clients:N0}", $"{HeldPerClient / KiB:N0}",
    ];

    /// <summary>What must not be, however busy the machine is.</summary>
    public IEnumerable<string> Problems
    {
        get
        {
            if (Storm.Manner != StormManner.Visit && Tally.Live < Storm.Clients)
                yield return $"{Tally.Live} of {Storm.Clients} clients became live";
            if (Tally.Connections == 0)
                yield return "nobody was let in";
            if (!Here.Outcome.IsExact)
                yield return $"on the node of the storm: {Here.Outcome}";
            if (!There.Outcome.IsExact)
                yield return $"on the other node: {There.Outcome}";
            foreach (var node in After.Where(static node => node is not { IsClean: true }))
                yield return node is null ? "a server doesn't answer" : string.Join('\n', node.Problems);
        }
    }

    /// <summary>What is beyond its bounds. A machine that does other things at the time can cause this.</summary>
    public IEnumerable<string> Excesses
    {
        get
        {
            // Clients that come back are as many as the machine is given; how long they take is a figure, and no verdict.
            if (Storm is { Manner: StormManner.Join, Resumes: false } && !(Tally.Last <= MaxUntilLive))
                yield return $"not all were live within {MaxUntilLive / 1000} s";
            if (!(Here.Ratio <= MaxRatio) || !(There.Ratio <= MaxRatio))
                yield return $"the p99 of bystanders was more than {MaxRatio} times that of before";
            if (RedisBuffers > MaxRedisBuffers * MiB)
                yield return $"{RedisBuffers / MiB:N0} MiB waited in Redis, {MaxRedisBuffers} are allowed";
            if (HeldPerClient > Storm.QueueLimit + MaxPerClient)
                yield return $"the server holds {HeldPerClient / KiB:N0} KiB per client, {(Storm.QueueLimit + MaxPerClient) / KiB:N0} are allowed";
        }
    }

    private double? HeldPerClient => (double?)(Held?.Managed - Before.Managed) / Storm.Clients;

    private long Sum(Func<Harness.Bystanders.Outcome, long> part) => part(Here.Outcome) + part(There.Outcome);
}
