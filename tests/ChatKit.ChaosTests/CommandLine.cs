using System.CommandLine;
using ChatKit.ChaosTests.Harness;
using ChatKit.ChaosTests.Shutdown;

namespace ChatKit.ChaosTests;

/// <summary>Parses the command line of the long run.</summary>
internal static class CommandLine
{
    /// <summary>The time to end the processes after Ctrl+C.</summary>
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(30);

    public static Task<int> RunAsync(string[] args)
    {
        var minutes = new Option<double>("--minutes") { Description = "The duration of the faults.", DefaultValueFactory = _ => 1 };
        var seed = new Option<int?>("--seed") { Description = "The seed of the faults and the messages. [default: random]" };
        var latency = new Option<bool>("--latency") { Description = "Measures the latency without faults instead." };
        var root = new RootCommand("Shows that nothing is lost, doubled or reordered while nodes, Redis and connections fail.")
        {
            minutes, seed, latency,
        };
        root.SetAction((result, stop) => result.GetValue(latency)
            ? MeasureAsync()
            : RunAsync(result.GetValue(seed) ?? Random.Shared.Next(), TimeSpan.FromMinutes(result.GetValue(minutes)), stop));
        root.Subcommands.Add(Serve("serve", "Runs one node.", Server.RunAsync));
        root.Subcommands.Add(Serve(UnsteadyServer.Command, "Runs one node whose handlers do something else each time.", UnsteadyServer.RunAsync));
        root.Subcommands.Add(Serve("serve-crowd", "Runs the server that many clients connect to.", static (port, _, _) => CrowdServer.RunAsync(port)));
        var parent = new Command(Parent.Command, "Starts a long-running process and waits to be killed.");
        parent.SetAction(static (_, _) => Parent.RunAsync());
        root.Subcommands.Add(parent);
        var result = root.Parse(args);

        // The host of the server handles the signal.
        TimeSpan? timeout = result.CommandResult.Command == root ? TerminationTimeout : null;
        return result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = timeout });
    }

    private static async Task<int> RunAsync(int seed, TimeSpan duration, CancellationToken stop)
    {
        Console.WriteLine($"Seed {seed}.");
        var result = await ChaosRun.RunAsync(new ChaosOptions(seed, duration), stop);
        Console.WriteLine(result);
        return result.IsClean ? 0 : 1;
    }

    private static async Task<int> MeasureAsync()
    {
        await Latency.RunAsync();
        return 0;
    }

    private static Command Serve(string name, string description, Func<int, string?, bool, Task> run)
    {
        var port = new Option<int>("--port") { Description = "The port to listen on.", Required = true };
        var redis = new Option<string?>("--redis") { Description = "The address of Redis. [default: none]" };
        var sockets = new Option<bool>("--sockets") { Description = "ChatKit's transport serves the connections (UseChatKitSockets)." };
        var serve = new Command(name, description) { port, redis, sockets };
        serve.SetAction((result, _) => run(result.GetValue(port), result.GetValue(redis), result.GetValue(sockets)));
        return serve;
    }
}
