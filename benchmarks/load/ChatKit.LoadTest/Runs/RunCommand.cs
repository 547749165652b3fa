using System.CommandLine;
using System.Text;
using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Runs;

/// <summary>The command <c>run</c>: measures workloads on servers and prints a table for each workload.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var workloads = new Option<string[]>("--workloads")
        {
            Description = "The workloads.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [.. WorkloadCatalog.All.Select(static one => one.Name)],
        };
        var servers = new Option<string[]>("--servers")
        {
            Description = $"The servers. {ServerCatalog.Help} [default: the default servers of each workload]",
            AllowMultipleArgumentsPerToken = true,
        };
        var repetitions = new Option<int>("--repetitions") { Description = "The number of measurements.", DefaultValueFactory = _ => 5 };
        var warmUp = new Option<double>("--warmup") { Description = "The warm-up time in seconds.", DefaultValueFactory = _ => 25 };
        var duration = new Option<double>("--duration") { Description = "The measured time in seconds.", DefaultValueFactory = _ => 5 };
        var settle = new Option<double>("--settle") { Description = "The time for memory to settle, in seconds.", DefaultValueFactory = _ => 10 };
        var compare = new Option<string>("--base") { Description = "The server to compare with.", DefaultValueFactory = _ => "signalr" };
        var markdown = new Option<string?>("--markdown") { Description = "The file to write the tables to. [default: none]" };
        workloads.AcceptOnlyFromAmong([.. WorkloadCatalog.All.Select(static one => one.Name)]);

        var command = new Command("run", "Measures workloads on servers, and prints a table of each workload.")
        {
            workloads, servers, repetitions, warmUp, duration, settle, compare, markdown,
        };
        command.SetAction(result => Run(new RunOptions(
            [.. result.GetRequiredValue(workloads).Select(WorkloadCatalog.Get)],
            result.GetValue(servers) ?? [],
            result.GetRequiredValue(repetitions),
            result.GetRequiredValue(warmUp),
            result.GetRequiredValue(duration),
            result.GetRequiredValue(settle),
            result.GetRequiredValue(compare),
            result.GetValue(markdown))));
        return command;
    }

    private static int Run(RunOptions options)
    {
        Console.Error.WriteLine(Cores.Description);
        DescriptorLimit.Raise(options.Workloads.Max(static workload => workload.Connections));
        var report = new StringBuilder();
        var complete = true;
        foreach (var workload in options.Workloads)
        {
            var results = Measure(options, workload, ref complete);
            var table = $"### {workload.Name}: {workload.Title}\n\n{ResultTable.Format(results, options.Base)}"
                + (workload.ComparesTransports ? $"\n{TransportTable.Format(results)}" : "")
                + Gate.Format(workload, results);
            Console.WriteLine($"{table}");
            report.AppendLine(table);
        }

        if (options.Markdown is not null)
            File.WriteAllText(options.Markdown, report.ToString());
        return complete ? 0 : 1;
    }

    /// <summary>Measures each server in turn and then repeats, so that changes of the machine affect all servers.</summary>
    private static Dictionary<string, List<GeneratorResult>> Measure(RunOptions options, Workload workload, ref bool complete)
    {
        var results = new Dictionary<string, List<GeneratorResult>>();
        var servers = ServerCatalog.Installed(options.ServersFor(workload));
        for (var i = 0; i < options.Repetitions; i++)
        {
            foreach (var server in servers)
            {
                Console.Error.WriteLine($"{workload.Name} {i + 1}/{options.Repetitions} {server.Name}");
                try
                {
                    var result = Measurement.Take(options, workload, server);
                    (results.TryGetValue(server.Name, out var runs) ? runs : results[server.Name] = []).Add(result);
                    if (result.FirstClose is not null)
                        Console.Error.WriteLine($"  {result.Closes} connections were closed, the first with: {result.FirstClose}");
                }
                catch (IOException e)
                {
                    complete = false;
                    Console.Error.WriteLine($"  failed: {e.Message}");
                }
            }
        }

        return results;
    }
}
