using System.Reflection;
using System.Security;
using System.Text;

namespace ChatKit.LoadTest.Growth;

/// <summary>Draws a series as an SVG that needs nothing else, in light and dark colors.</summary>
internal static class Picture
{
    private const int Left = 46;
    private const int Right = 268;
    private const int Top = 62;
    private const int Bottom = 208;

    /// <summary>The distance of labels at the ends of lines.</summary>
    private const int LineHeight = 15;

    /// <summary>The width that a label needs at most.</summary>
    private const int LabelWidth = 90;

    /// <summary>The colors of lines can be told apart without seeing red or green.</summary>
    private const string Style =
        """
        :root { --back: #ffffff; --text: #1f2328; --faint: #59636e; --grid: #e3e7eb;
          --c0: #0064c8; --c1: #c04a00; --c2: #007a5c; --c3: #8250df; --c4: #8a6100; --c5: #57606a }
        @media (prefers-color-scheme: dark) { :root { --back: #0d1117; --text: #f0f6fc; --faint: #9198a1; --grid: #2a3038;
          --c0: #58a6ff; --c1: #f59052; --c2: #3ecf9f; --c3: #bc8cff; --c4: #d9b200; --c5: #a5afba } }
        text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: var(--faint) }
        .title { font-size: 15px; font-weight: 600; fill: var(--text) } .label { font-size: 12px; font-weight: 600 }
        .label { paint-order: stroke; stroke: var(--back); stroke-width: 3px; stroke-linejoin: round }
        .small { font-size: 9px } .end { text-anchor: end } .middle { text-anchor: middle } .grid { stroke: var(--grid) }
        polyline { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round } circle { stroke-width: 2 }
        """;

    /// <summary>What is measured now, and when.</summary>
    public static string Origin => $"ChatKit {Version}, .NET {Environment.Version}, {DateTime.UtcNow:yyyy-MM-dd}; each server on one core";

    private static string Version =>
        typeof(WebSocketHandler).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <param name="series">What the picture shows.</param>
    /// <param name="points">All points of all lines.</param>
    /// <param name="origin">What was measured, and when.</param>
    public static string Draw(Series series, IReadOnlyList<Point> points, string origin)
    {
        var lines = points
            .Where(static point => point.State != State.Unknown && point.Y > 0)
            .GroupBy(static point => point.Server)
            .Select(static line => line.OrderBy(static point => point.X).ToList())
            .ToList();
        var values = lines.SelectMany(static line => line).Select(static point => point.Y).DefaultIfEmpty(1).ToList();
        var across = Scale.Of([.. points.Select(static point => point.X).Distinct().Order()], Left + 6, Right);
        var up = series.EndsAtSaturation ? Scale.OfDecades(values.Min(), values.Max(), Bottom, Top) : Scale.FromZero(values.Max(), Bottom, Top);

        var subtitle = points.Any(static point => point.State == State.Saturated) ? $"{series.Subtitle}; ○ saturated" : series.Subtitle;
        var svg = new StringBuilder(
            $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="400" height="300" viewBox="0 0 360 270" role="img" aria-label="{Escape(series.Title)}">
            <style>
            {Style}
            </style>
            <rect width="360" height="270" rx="8" fill="var(--back)"/>
            {Text(16, 27, "title", series.Title)}
            {Text(16, 44, "", subtitle)}

            """);
        foreach (var tick in up.Ticks)
        {
            svg.AppendLine($"""<line class="grid" x1="{Left}" x2="{Right}" y1="{up.At(tick):F1}" y2="{up.At(tick):F1}"/>""");
            svg.AppendLine(Text(Left - 6, up.At(tick) + 4, "end", Short(tick)));
        }

        foreach (var tick in across.Ticks)
            svg.AppendLine(Text(across.At(tick), Bottom + 17, "middle", Short(tick)));
        svg.AppendLine(Text((Left + Right) / 2, Bottom + 33, "middle", series.Across));
        for (var i = 0; i < lines.Count; i++)
            svg.AppendLine(Line(lines[i], Color(i), across, up));
        svg.Append(Labels(lines, across, up));
        svg.AppendLine(Text(16, 260, "small", origin));
        return svg.AppendLine("</svg>").ToString();
    }

    private static string Line(List<Point> points, string color, Scale across, Scale up)
    {
        var corners = points.Select(point => $"{across.At(point.X):F1},{up.At(point.Y):F1}");
        var svg = new StringBuilder($"""<polyline stroke="{color}" points="{string.Join(' ', corners)}"/>""");
        foreach (var point in points)
        {
            var fill = point.State == State.Saturated ? "var(--back)" : color;
            svg.Append($"""<circle cx="{across.At(point.X):F1}" cy="{up.At(point.Y):F1}" r="3" stroke="{color}" fill="{fill}"/>""");
        }

        return svg.ToString();
    }

    /// <summary>Writes the name and the last value next to the end of each line, one below the other where they would overlap.</summary>
    private static string Labels(List<List<Point>> lines, Scale across, Scale up)
    {
        var svg = new StringBuilder();
        var placed = new List<(double X, double Y)>();
        var ends = lines
            .Select(static (line, i) => (End: line[^1], Color: Color(i)))
            .OrderBy(end => up.At(end.End.Y))
            .ToList();
        foreach (var (end, color) in ends)
        {
            var x = across.At(end.X) + 9;
            var y = placed
                .Where(other => Math.Abs(other.X - x) < LabelWidth)
                .Select(static other => other.Y + LineHeight)
                .Append(up.At(end.Y) + 4)
                .Max();
            placed.Add((x, y));
            svg.AppendLine($"""<text class="label" x="{x:F1}" y="{y:F1}" style="fill: {color}">{Escape(Label(end))}</text>""");
        }

        return svg.ToString();
    }

    private static string Text(double x, double y, string kind, string text) =>
        $"""<text class="{kind}" x="{x:F1}" y="{y:F1}">{Escape(text)}</text>""";

    private static string Color(int line) => $"var(--c{line % 6})";

    /// <summary>The name of the server and its value, which says nothing where it is saturated.</summary>
    private static string Label(Point end)
    {
        var name = end.Server switch { "chatkit" => "ChatKit", "signalr" => "SignalR", "bun" => "Bun", _ => end.Server };
        return end.State == State.Saturated ? name : $"{name} {Short(end.Y)}";
    }

    /// <summary>A short number, as in 0.5, 12, or 300 k.</summary>
    private static string Short(double value) => value switch
    {
        >= 1e6 => $"{value / 1e6:0.##} M",
        >= 1e3 => $"{value / 1e3:0.##} k",
        >= 10 => $"{value:0}",
        _ => $"{value:0.##}",
    };

    private static string Escape(string text) => SecurityElement.Escape(text);
}
