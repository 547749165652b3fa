using System.Text;
using ChatKit.LoadTest.Generator;

namespace ChatKit.LoadTest.Runs;

/// <summary>The results of one workload as a Markdown table, which also reads well on a terminal.</summary>
internal static class ResultTable
{
    public static string Format(IReadOnlyDictionary<string, List<GeneratorResult>> results, string baseName)
    {
        var columns = Column.All.Where(column => results.Values.Any(runs => column.Of(runs) is not null)).ToList();
        var hasBase = results.ContainsKey(baseName);
        var rows = new List<List<string>> { Header(columns, hasBase ? baseName : null) };
        foreach (var (server, runs) in results)
            rows.Add(Row(server, runs, columns, hasBase ? results[baseName] : null));
        return Align(rows);
    }

    /// <summary>Formats rows, of which the first is the header.</summary>
    public static string Align(List<List<string>> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Count).Select(i => rows.Max(row => row[i].Length)).ToList();
        var text = new StringBuilder();
        for (var i = 0; i < rows.Count; i++)
        {
            text.AppendLine($"| {string.Join(" | ", rows[i].Select((cell, j) => j == 0 ? cell.PadRight(widths[j]) : cell.PadLeft(widths[j])))} |");
            if (i == 0)
                text.AppendLine($"|{string.Join('|', widths.Select(static (width, j) => new string('-', width + 1) + (j == 0 ? '-' : ':')))}|");
        }

        return text.ToString();
    }

    private static List<string> Header(List<Column> columns, string? baseName) =>
        ["server", .. columns.SelectMany(column =>
            column.Ratio && baseName is not null ? new[] { column.Title, $"of {baseName}" } : [column.Title])];

    private static List<string> Row(
        string server, List<GeneratorResult> runs, List<Column> columns, List<GeneratorResult>? baseRuns)
    {
        var cells = new List<string> { server };
        foreach (var column in columns)
        {
            var value = column.Of(runs);
            cells.Add(value?.ToString(column.Format) ?? "");
            if (column.Ratio && baseRuns is not null)
                cells.Add((value / column.Of(baseRuns))?.ToString("N2") ?? "");
        }

        return cells;
    }
}
