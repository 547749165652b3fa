using System.Diagnostics;
using ChatKit.ClientScenarios.Clients;

namespace ChatKit.ClientScenarios;

/// <summary>Tests a client whose driver is a command, and prints a table.</summary>
internal static class CommandLine
{
    /// <summary>The number of scenarios that run at once. They wait for most of their time.</summary>
    private const int AtOnce = 4;

    private const string Usage = """
        --client <command>     the driver, for example "node my-driver.js"; README.md describes it
        --filter <text>        only the scenarios whose names contain this text
        --patience <seconds>   how long a scenario waits for the client (default: 5)
        --list                 prints the scenarios instead
        """;

    /// <summary>Returns the exit code: 0 if the client follows all rules, 1 if not, and 2 if the command line is wrong.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        string? client = null;
        var filter = "";
        var isList = false;
        Waiting.Limit = TimeSpan.FromSeconds(5);
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--client" when i + 1 < args.Length:
                    client = args[++i];
                    break;
                case "--filter" when i + 1 < args.Length:
                    filter = args[++i];
                    break;
                case "--patience" when i + 1 < args.Length && int.TryParse(args[i + 1], out var seconds) && seconds > 0:
                    Waiting.Limit = TimeSpan.FromSeconds(seconds);
                    i++;
                    break;
                case "--list":
                    isList = true;
                    break;
                default:
                    Console.Error.WriteLine(Usage);
                    return 2;
            }
        }

        var scenarios = Scenario.All.Where(scenario => scenario.Name.Contains(filter, StringComparison.Ordinal)).ToList();
        if (isList)
        {
            scenarios.ForEach(static scenario => Console.WriteLine($"{scenario.Name,-30} {scenario.Level,-8} {scenario.Rule}"));
            return 0;
        }

        if (client is null)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        return await RunAsync(SplitCommand(client), scenarios);
    }

    private static async Task<int> RunAsync(string[] command, List<Scenario> scenarios)
    {
        await using var clients = new ProcessClients("the client", () => command);
        using var free = new SemaphoreSlim(AtOnce);
        var runs = scenarios.ConvertAll(scenario => RunAsync(scenario, clients, free));
        var failures = new List<string>();
        for (var i = 0; i < runs.Count; i++)
        {
            var (problem, time) = await runs[i];
            var (result, scenario) = (problem is null ? "ok" : "FAILED", scenarios[i]);
            Console.WriteLine($"{result,-6} {scenario.Name,-30} {scenario.Level,-8} {time.TotalSeconds,5:0.0} s  {scenario.Rule}");
            if (problem is not null)
                failures.Add($"\n{scenario.Name}: {problem}");
        }

        failures.ForEach(Console.WriteLine);
        Console.WriteLine($"\n{scenarios.Count - failures.Count} of {scenarios.Count} scenarios passed.");
        return failures.Count == 0 ? 0 : 1;
    }

    private static async Task<(string? Problem, TimeSpan Time)> RunAsync(Scenario scenario, DriverPool clients, SemaphoreSlim free)
    {
        await free.WaitAsync();
        try
        {
            var start = Stopwatch.GetTimestamp();
            return (await scenario.TryAsync(clients), Stopwatch.GetElapsedTime(start));
        }
        finally
        {
            free.Release();
        }
    }

    /// <summary>Splits a command at its spaces, except in double quotes.</summary>
    private static string[] SplitCommand(string command) =>
        [.. command.Split('"').SelectMany(static (part, index) =>
            index % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
}
