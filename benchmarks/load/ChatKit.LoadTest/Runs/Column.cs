using ChatKit.LoadTest.Generator;

namespace ChatKit.LoadTest.Runs;

/// <summary>A column of a table: the median of a value of each run.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Value">The value of a run; null if the workload does not measure it.</param>
/// <param name="Format">The format of the value.</param>
/// <param name="Ratio">Whether the next column compares the value with the base.</param>
/// <param name="Worst">Whether to show the highest value instead of the median, for events that must never happen.</param>
internal sealed record Column(string Title, Func<GeneratorResult, double?> Value, string Format, bool Ratio = false, bool Worst = false)
{
    public static Column Memory { get; } = new("KiB/connection", static run => run.KiBPerConnection, "N1", Ratio: true);

    public static Column Cpu { get; } = new("CPU µs each", static run => run.Cpu, "N2", Ratio: true);

    public static IReadOnlyList<Column> All { get; } =
    [
        new("deliveries/s", static run => run.DeliveriesPerSecond, "N0", Ratio: true),
        new("messages/s", static run => run.MessagesPerSecond, "N0"),
        new("handshakes/s", static run => run.HandshakesPerSecond, "N0", Ratio: true),
        Memory,
        new("CPU µs to connect", static run => run.ConnectCpu, "N0", Ratio: true),
        new("requests each", static run => run.Requests, "N2"),
        new("bytes each", static run => run.Bytes, "N0"),
        Cpu,
        new("p50 ms", static run => run.P50 / 1000, "N2"),
        new("p99 ms", static run => run.P99 / 1000, "N2"),
        new("p99.9 ms", static run => run.P999 / 1000, "N2"),
        new("last p50 ms", static run => run.LastP50 / 1000, "N2"),
        new("last p99 ms", static run => run.LastP99 / 1000, "N2"),
        new("resident MiB", static run => run.ResidentMiB, "N0"),
        new("lost", static run => run.Lost, "N0", Worst: true),
        new("out of order", static run => run.OutOfOrder, "N0", Worst: true),
        new("doubled", static run => run.Doubled + run.Foreign, "N0", Worst: true),
        new("other order", static run => run.OtherOrder, "N0", Worst: true),
        new("closes", static run => run.Closes, "N0", Worst: true),
        new("generator", static run => run.GeneratorLoad, "P0"),
    ];

    /// <summary>The value that represents several runs; null if none of them has the value.</summary>
    public double? Of(IReadOnlyList<GeneratorResult> runs)
    {
        var values = runs.Select(Value).OfType<double>().Order().ToList();
        if (values.Count == 0)
            return null;
        return Worst ? values[^1] : (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}
