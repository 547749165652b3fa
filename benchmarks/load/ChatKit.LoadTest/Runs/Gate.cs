using System.Text;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Runs;

/// <summary>A limit of what one server may cost compared with another.</summary>
/// <param name="Workload">The name of the workload.</param>
/// <param name="Column">What is compared.</param>
/// <param name="Server">The server that has the limit.</param>
/// <param name="Base">The server to compare with.</param>
/// <param name="AtMost">The highest ratio.</param>
internal sealed record Gate(string Workload, Column Column, string Server, string Base, double AtMost)
{
    private static readonly Gate[] All =
    [
        new("b", Column.Cpu, "chatkit+sse", "chatkit", 1.3),
        new("b", Column.Cpu, "chatkit+sse", "signalr+sse", 0.6),
        new("e", Column.Memory, "chatkit+sse", "chatkit", 1.2),
        new("i", Column.Cpu, "chatkit+longpolling", "signalr+longpolling", 0.5),
    ];

    /// <summary>The gates of a workload whose servers were both measured, as a list in Markdown.</summary>
    public static string Format(Workload workload, Dictionary<string, List<GeneratorResult>> results)
    {
        var text = new StringBuilder();
        foreach (var gate in All.Where(gate => gate.Workload == workload.Name))
        {
            if (results.TryGetValue(gate.Server, out var runs) && results.TryGetValue(gate.Base, out var baseRuns)
                && gate.Column.Of(runs) / gate.Column.Of(baseRuns) is { } ratio)
            {
                text.AppendLine(
                    $"* {gate.Column.Title}, {gate.Server} : {gate.Base} = {ratio:N2}, {(ratio <= gate.AtMost ? "within" : "above")} the limit of {gate.AtMost:N2}");
            }
        }

        return text.Length > 0 ? $"\n{text}" : "";
    }
}
