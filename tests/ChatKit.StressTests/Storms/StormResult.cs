using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Storms;

/// <summary>The result of a storm.</summary>
/// <param name="Storm">The storm.</param>
/// <param name="Tally">The outcome of its clients.</param>
/// <param name="Here">The measurements of the bystanders on its node.</param>
/// <param name="There">The measurements of the bystanders on the other node.</param>
/// <param name="RedisMemory">The peak memory of Redis, in bytes.</param>
/// <param name="RedisBuffers">The peak of the output buffers of Redis, in bytes.</param>
/// <param name="Before">The storm's node before the storm.</param>
/// <param name="Held">The same node while there are slow clients; null in other storms.</param>
/// <param name="Peak">The peak memory of the node during the storm, in bytes.</param>
/// <param name="After">Both nodes after the storm; null for a node that does not answer.</param>
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

    /// <summary>The maximum ratio of the bystanders' 99th percentile to the quiet one.</summary>
    private const double MaxRatio = 3;

    /// <summary>The maximum time for clients to become live, in milliseconds.</summary>
    private const double MaxUntilLive = 10_000;

    /// <summary>The maximum size of the output buffers of Redis, in MiB.</summary>
    private const double MaxRedisBuffers = 64;

    /// <summary>The maximum cost of a client besides its queue, in bytes.</summary>
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
        $"{Sum(static o => o.Lost)}, {Sum(static o => o.Unacknowledged)}, {Sum(static o => o.Duplicates)}, {Sum(static o => o.Late)}, {Sum(static o => o.Gaps)}",
        $"{RedisMemory / MiB:N0}", $"{RedisBuffers / MiB:N1}",
        $"{Before.Resident / MiB:0}", $"{Peak / MiB:0}", $"{(Peak - Before.Resident) / KiB / Storm.Clients:N0}", $"{HeldPerClient / KiB:N0}",
    ];

    /// <summary>The problems that must not occur, even on a busy machine.</summary>
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

    /// <summary>The values that exceed their limits. Other work on the machine can cause this.</summary>
    public IEnumerable<string> Excesses
    {
        get
        {
            // The number of returning clients is an option, so the time that they take is reported, not checked.
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
