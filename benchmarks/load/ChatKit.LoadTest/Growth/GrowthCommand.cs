using System.CommandLine;
using System.Text;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Runs;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Growth;

/// <summary>The command <c>growth</c>: measures how servers change with the size of rooms, of the server, and of the load, and draws it.</summary>
internal static class GrowthCommand
{
    /// <summary>Idle connections run so little code that it isn't worth waiting until it is optimized.</summary>
    private const double IdleWarmUp = 3;

    public static Command Create()
    {
        var output = new Option<string>("--output")
        {
            Description = "The folder of the pictures and their values.",
            DefaultValueFactory = _ => "docs/growth",
        };
        var servers = new Option<string[]>("--servers")
        {
            Description = ServerCatalog.Help,
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["chatkit", "signalr", "bun"],
        };
        var names = new Option<string[]>("--series")
        {
            Description = "The pictures.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [.. Series.All.Select(static one => one.Name)],
        };
        var points = new Option<int[]>("--points")
        {
            Description = "The points of each series. [default: those of the documentation]",
            AllowMultipleArgumentsPerToken = true,
        };
        var warmUp = Seconds("--warmup", 7, "The warm-up time in seconds.");
        var duration = Seconds("--duration", 3, "The measured time in seconds.");
        var settle = Seconds("--settle", 5, "The time for memory to settle, in seconds.");
        var markdown = new Option<string?>("--markdown") { Description = "The file to write the tables to. [default: none]" };
        var draw = new Option<bool>("--draw") { Description = "Draws what is in the folder again, without measuring." };
        names.AcceptOnlyFromAmong([.. Series.All.Select(static one => one.Name)]);

        var command = new Command("growth", "Measures how servers change with the size of rooms, of the server, and of the load, and draws it.")
        {
            output, servers, names, points, warmUp, duration, settle, markdown, draw,
        };
        command.SetAction(result =>
        {
            var folder = result.GetRequiredValue(output);
            var series = Series.All.Where(one => result.GetRequiredValue(names).Contains(one.Name)).ToList();
            if (result.GetValue(draw))
            {
                series.ForEach(one => Draw(one, folder));
                return 0;
            }

            if (result.GetValue(points) is { Length: > 0 } others)
                series = series.ConvertAll(one => one with { Points = others });
            return Run(
                new RunOptions(
                    [],
                    result.GetRequiredValue(servers),
                    Repetitions: 1,
                    result.GetRequiredValue(warmUp),
                    result.GetRequiredValue(duration),
                    result.GetRequiredValue(settle),
                    Base: "",
                    result.GetValue(markdown)),
                series,
                folder);
        });
        return command;
    }

    private static Option<double> Seconds(string name, double value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static int Run(RunOptions options, List<Series> all, string folder)
    {
        Console.Error.WriteLine(Cores.Description);
        var connections = DescriptorLimit.RaiseAsFarAsPossible(all.Max(static one => one.Points.Max(x => one.Workload(x).Connections)));
        Directory.CreateDirectory(folder);
        var report = new StringBuilder();
        var complete = true;
        foreach (var series in all.Select(one => one.Within(connections)))
        {
            var points = Measure(options, series, ref complete);
            File.WriteAllLines(ValuesOf(series, folder), [$"# {Picture.Origin}", Point.CsvHeader, .. points.Select(static point => point.ToCsv())]);
            Draw(series, folder);
            var table = $"#### {series.Title}\n\n{series.Subtitle}.\n\n{Table(series, points)}";
            Console.WriteLine(table);
            report.AppendLine(table);
        }

        if (options.Markdown is not null)
            File.WriteAllText(options.Markdown, report.ToString());
        return complete ? 0 : 1;
    }

    /// <summary>Draws the values of a series that are in a folder.</summary>
    private static void Draw(Series series, string folder)
    {
        var lines = File.ReadAllLines(ValuesOf(series, folder));
        var picture = Picture.Draw(series, [.. lines[2..].Select(Point.Parse)], origin: lines[0].TrimStart('#', ' '));
        File.WriteAllText(Path.ChangeExtension(ValuesOf(series, folder), "svg"), picture);
    }

    private static string ValuesOf(Series series, string folder) => Path.Combine(folder, $"{series.Name}.csv");

    /// <summary>Measures each server at one point in turn, so that changes of the machine affect all servers.</summary>
    private static List<Point> Measure(RunOptions options, Series series, ref bool complete)
    {
        var measured = new List<Point>();
        var servers = ServerCatalog.Installed(options.Servers);
        foreach (var x in series.Points)
        {
            foreach (var server in servers.ToList())
            {
                Console.Error.WriteLine($"{series.Name} {x:N0} {server.Name}");
                try
                {
                    var workload = series.Workload(x);
                    var warmUp = workload.Kind == WorkloadKind.Idle ? Math.Min(options.WarmUp, IdleWarmUp) : options.WarmUp;
                    var result = Measurement.Take(options with { WarmUp = warmUp }, workload, server);
                    var point = Point.Of(series, server.Name, x, workload, result);
                    measured.Add(point);
                    if (series.EndsAtSaturation && point.State != State.Measured)
                        servers.Remove(server);
                }
                catch (IOException e)
                {
                    Console.Error.WriteLine($"  failed: {e.Message}");
                    complete = false;
                    if (series.EndsAtSaturation)
                        servers.Remove(server);
                }
            }
        }

        return [.. measured.OrderBy(point => Array.IndexOf(options.Servers, point.Server))];
    }

    private static string Table(Series series, List<Point> points)
    {
        var rows = new List<List<string>> { new([series.Across, .. series.Points.Select(static x => $"{x:N0}")]) };
        foreach (var server in points.GroupBy(static point => point.Server))
            rows.Add([server.Key, .. series.Points.Select(x => Cell(server.FirstOrDefault(point => point.X == x)))]);
        return ResultTable.Align(rows);
    }

    private static string Cell(Point? point) => point?.State switch
    {
        null => "",
        State.Measured => $"{point.Y:N1}",
        State.Saturated => $"{point.Y:N0}, saturated",
        _ => "?",
    };
}
