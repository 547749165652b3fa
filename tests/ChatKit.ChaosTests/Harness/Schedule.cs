namespace ChatKit.ChaosTests.Harness;

/// <summary>The schedule of the faults, which derives only from the seed.</summary>
internal static class Schedule
{
    /// <summary>The duration of each kind of fault, in seconds, and its relative frequency.</summary>
    private static readonly Dictionary<FaultKind, (double Shortest, double Longest, int Weight)> Kinds = new()
    {
        [FaultKind.NodeKilled] = (0, 2, 3),
        [FaultKind.NodeFrozen] = (0.5, 5, 2),
        [FaultKind.RedisKilled] = (0, 2, 2),
        [FaultKind.RedisFrozen] = (0.5, 7, 1),
        [FaultKind.ConnectionCut] = (0, 0, 12),
        [FaultKind.AllCut] = (0, 0, 1),
        [FaultKind.ConnectionStalled] = (0.5, 6, 8),
        [FaultKind.ReaderPaused] = (2, 7, 6),
        [FaultKind.ClientAway] = (5, 12, 3),
        [FaultKind.UserKicked] = (0, 0, 3),
        [FaultKind.UserKickedUnheard] = (0, 0, 3),
        [FaultKind.PresenceLost] = (0, 0, 1),
        [FaultKind.MessagesLost] = (0, 0, 1),
        [FaultKind.MetaLost] = (0, 0, 1),
        [FaultKind.JoinStorm] = (0, 0, 1),
    };

    /// <summary>Returns the faults of a run: each kind once, and then random ones.</summary>
    /// <param name="seed">The seed of the random numbers.</param>
    /// <param name="duration">The duration of the run.</param>
    /// <param name="nodes">The number of nodes.</param>
    /// <param name="pause">The mean time between two faults.</param>
    public static IReadOnlyList<Fault> Create(int seed, TimeSpan duration, int nodes, TimeSpan pause)
    {
        var random = new Random(seed);
        var first = Enum.GetValues<FaultKind>();
        random.Shuffle(first);

        // Faults of Redis may have to wait for each other, so they come first.
        var queue = new Queue<FaultKind>(first.OrderByDescending(static kind => kind is FaultKind.RedisKilled or FaultKind.RedisFrozen));
        var byWeight = Kinds.SelectMany(static kind => Enumerable.Repeat(kind.Key, kind.Value.Weight)).ToArray();
        var faults = new List<Fault>();
        var busyUntil = new Dictionary<int, TimeSpan>();
        for (var at = TimeSpan.Zero; at < duration; at += 2 * pause * random.NextDouble())
        {
            var isFirst = queue.TryDequeue(out var next);
            var kind = isFirst ? next : byWeight[random.Next(byWeight.Length)];
            var (shortest, longest, _) = Kinds[kind];
            var time = TimeSpan.FromSeconds(shortest + ((longest - shortest) * random.NextDouble()));
            var fault = new Fault(at, kind, random.NextDouble(), time, random.Next(2000), random.Next(2) == 0);
            if (ProcessOf(fault, nodes) is not { } process || Take(busyUntil, process, fault))
                faults.Add(fault);
            else if (isFirst)
                queue.Enqueue(kind);
        }

        return faults;
    }

    /// <summary>The node that a fault affects; -1 for Redis; null if it affects no process.</summary>
    private static int? ProcessOf(Fault fault, int nodes) => fault.Kind switch
    {
        FaultKind.NodeKilled or FaultKind.NodeFrozen => (int)(fault.Which * nodes),
        FaultKind.RedisKilled or FaultKind.RedisFrozen => -1,
        _ => null,
    };

    /// <summary>Each process has one fault at a time, with time in between to start.</summary>
    private static bool Take(Dictionary<int, TimeSpan> busyUntil, int process, Fault fault)
    {
        if (busyUntil.TryGetValue(process, out var until) && fault.At < until)
            return false;
        busyUntil[process] = fault.At + fault.Time + TimeSpan.FromSeconds(2);
        return true;
    }
}
