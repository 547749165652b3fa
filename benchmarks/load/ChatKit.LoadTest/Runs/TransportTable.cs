using ChatKit.LoadTest.Generator;

namespace ChatKit.LoadTest.Runs;

/// <summary>The table that compares the ways to reach a room, for <c>docs/transports.md</c>.</summary>
internal static class TransportTable
{
    private static readonly string[] Header =
        ["way", "requests per message", "bytes per message", "median latency", "p99 latency", "server CPU per message"];

    private static readonly Dictionary<string, string> Titles = new()
    {
        ["chatkit+polling"] = $"short polling, every {ClientCatalog.PollInterval.TotalSeconds} s",
        ["chatkit+longpolling"] = "long polling",
        ["chatkit+sse"] = "event stream",
        ["chatkit+v1"] = "WebSocket, `chatkit.v1`",
        ["chatkit"] = "WebSocket, plain texts",
        ["signalr+longpolling"] = "SignalR, long polling",
        ["signalr+sse"] = "SignalR, event stream",
        ["signalr"] = "SignalR, WebSocket",
    };

    private static readonly Column Requests = new("", static run => run.Requests, "N2");
    private static readonly Column Bytes = new("", static run => run.Bytes, "N0");
    private static readonly Column Median = new("", static run => run.P50 / 1000, "N1");
    private static readonly Column Percentile99 = new("", static run => run.P99 / 1000, "N1");

    public static string Format(IReadOnlyDictionary<string, List<GeneratorResult>> results)
    {
        var rows = new List<List<string>> { Header.ToList() };
        foreach (var (server, runs) in results)
        {
            rows.Add(
            [
                Titles.GetValueOrDefault(server, server),
                Cell(Requests, runs, ""),
                Cell(Bytes, runs, ""),
                Cell(Median, runs, " ms"),
                Cell(Percentile99, runs, " ms"),
                Cell(Column.Cpu, runs, " µs"),
            ]);
        }

        return ResultTable.Align(rows);
    }

    private static string Cell(Column column, List<GeneratorResult> runs, string unit) =>
        column.Of(runs) is { } value ? value.ToString(column.Format) + unit : "";
}
