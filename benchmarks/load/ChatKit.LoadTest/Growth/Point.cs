using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Growth;

/// <summary>One measurement of a series.</summary>
internal sealed record Point(string Server, int X, double Y, State State)
{
    /// <summary>The share of the messages that must be delivered in time.</summary>
    private const double Enough = 0.95;

    /// <summary>The share of its processor from which on a server is busy.</summary>
    private const double Busy = 0.9;

    /// <summary>All that was measured.</summary>
    public GeneratorResult Result { get; init; } = new();

    public static string CsvHeader => "server,x,value,state,deliveries_per_second,cpu_us,p50_ms,p99_ms,resident_mib,lost,closes,generator";

    public static Point Of(Series series, string server, int x, Workload workload, GeneratorResult result) =>
        new(server, x, series.Value(result) ?? 0, StateOf(workload, result)) { Result = result };

    /// <summary>Reads what a picture needs.</summary>
    public static Point Parse(string csv)
    {
        var cells = csv.Split(',');
        return new Point(cells[0], int.Parse(cells[1]), double.Parse(cells[2]), Enum.Parse<State>(cells[3]));
    }

    public string ToCsv() => string.Join(
        ',',
        Server,
        X,
        $"{Y:F3}",
        State,
        $"{Result.DeliveriesPerSecond:F0}",
        $"{Result.Cpu:F3}",
        $"{Result.P50 / 1000:F2}",
        $"{Result.P99 / 1000:F2}",
        $"{Result.ResidentMiB:F0}",
        Result.Lost,
        Result.Closes,
        $"{Result.GeneratorLoad:F2}");

    private static State StateOf(Workload workload, GeneratorResult result)
    {
        if (workload.Kind != WorkloadKind.Messages)
            return State.Measured;
        var complete = result is { Lost: 0, Closes: 0 };
        if (complete && result.DeliveriesPerSecond >= Enough * workload.Rate * workload.Members)
            return State.Measured;
        return complete && result.DeliveriesPerSecond * (result.Cpu ?? 0) / 1e6 < Busy ? State.Unknown : State.Saturated;
    }
}
