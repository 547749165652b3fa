using System.CommandLine;
using ChatKit.StressTests.Attacks;
using ChatKit.StressTests.Fuzzing;
using ChatKit.StressTests.Serving;
using ChatKit.StressTests.Soak;
using ChatKit.StressTests.Storms;

namespace ChatKit.StressTests;

/// <summary>Parses the command line of the long runs, and of the processes that they start.</summary>
internal static class CommandLine
{
    public const string Serve = "serve";
    public const string Attack = "attack";
    public const string Storm = "storm";

    /// <summary>Whether an argument is for this program, and not for the test runner.</summary>
    public static bool IsCommand(string argument) =>
        Root().Subcommands.Any(command => command.Name == argument) || argument is "--help" or "--version";

    public static Task<int> RunAsync(string[] args) => Root().Parse(args).InvokeAsync();

    private static RootCommand Root() => new("Shows that limits hold: against attackers, against nonsense, and over time.")
    {
        AttacksCommand(), FuzzCommand(), SoakCommand(), StormsCommand(), ServeCommand(), AttackCommand(), StormCommand(),
    };

    private static Command AttacksCommand()
    {
        var only = new Option<string?>("--only") { Description = "The name of the only attack. [default: all]" };
        only.AcceptOnlyFromAmong([.. AttackCatalog.Create().Select(static attack => attack.Name)]);
        var seconds = new Option<double>("--seconds") { Description = "The duration of each attack.", DefaultValueFactory = static _ => 12 };
        var share = Share();
        var command = new Command("attacks", "Attacks a server and measures the effect on neighbours.") { only, seconds, share };
        command.SetAction((result, _) => ExitCodeAsync(
            AttackSeries.RunAsync(result.GetValue(only), TimeSpan.FromSeconds(result.GetValue(seconds)), result.GetValue(share))));
        return command;
    }

    private static Command FuzzCommand()
    {
        var minutes = Minutes(1);
        var seed = new Option<int?>("--seed") { Description = "The seed of the first case. [default: random]" };
        var one = new Option<int?>("--case") { Description = "Runs the case with this seed only." };
        var command = new Command("fuzz", "Sends corrupted sessions to a server.") { minutes, seed, one };
        command.SetAction(async (result, _) =>
        {
            if (result.GetValue(one) is { } only)
                Console.WriteLine(new FuzzCase(only));
            var run = result.GetValue(one) is { } repeated
                ? await FuzzRun.RepeatAsync(repeated)
                : await FuzzRun.RunAsync(result.GetValue(seed) ?? Random.Shared.Next(int.MaxValue / 2), TimeSpan.FromMinutes(result.GetValue(minutes)));
            Console.WriteLine(run);
            return run.IsClean ? 0 : 1;
        });
        return command;
    }

    private static Command SoakCommand()
    {
        var minutes = Minutes(30);
        var seed = new Option<int?>("--seed") { Description = "The seed of the events. [default: random]" };
        var csv = new Option<string>("--csv")
        {
            Description = "The file for the samples.",
            DefaultValueFactory = static _ => Path.Combine(Path.GetTempPath(), "chatkit-soak.csv"),
        };
        var command = new Command("soak", "Runs servers for a long time.") { minutes, seed, csv };
        command.SetAction(async (result, _) =>
        {
            await using var file = new StreamWriter(result.GetValue(csv)!);
            var used = result.GetValue(seed) ?? Random.Shared.Next();
            var results = await SoakRun.RunAsync(TimeSpan.FromMinutes(result.GetValue(minutes)), used, file);
            Console.WriteLine($"seed {used}, {result.GetValue(minutes)} minutes, samples in {result.GetValue(csv)}");
            foreach (var one in results)
                Console.Write(one);
            return results.All(static one => one.IsClean) ? 0 : 1;
        });
        return command;
    }

    private static Command StormsCommand()
    {
        var only = new Option<string?>("--only") { Description = "The name of the only storm. [default: all]" };
        only.AcceptOnlyFromAmong([.. StormCatalog.Create(new StormOptions()).Select(static storm => storm.Name)]);
        var usual = new StormOptions();
        var joiners = new Option<int>("--joiners") { Description = "The clients that join the full room.", DefaultValueFactory = _ => usual.Joiners };
        var returning = new Option<int>("--returning") { Description = "The clients that return.", DefaultValueFactory = _ => usual.Returning };
        var seconds = new Option<double>("--seconds")
        {
            Description = "The duration of the quiet time before, and of storms that do not end by themselves.",
            DefaultValueFactory = _ => usual.Time.TotalSeconds,
        };
        var limit = new Option<double>("--limit")
        {
            Description = "The time for clients to become live, in seconds.",
            DefaultValueFactory = _ => usual.Limit.TotalSeconds,
        };
        var noYield = new Option<bool>("--no-yield") { Description = "Runs the clients at normal priority, for a busy machine." };
        var command = new Command("storms", "Makes many clients join at once and measures the effect on others.")
        {
            only, joiners, returning, seconds, limit, noYield,
        };
        command.SetAction((result, _) => ExitCodeAsync(StormSeries.RunAsync(result.GetValue(only), usual with
        {
            Joiners = result.GetValue(joiners),
            Returning = result.GetValue(returning),
            Time = TimeSpan.FromSeconds(result.GetValue(seconds)),
            Limit = TimeSpan.FromSeconds(result.GetValue(limit)),
            ClientsYield = !result.GetValue(noYield),
        })));
        return command;
    }

    private static Command ServeCommand()
    {
        var redis = new Option<string?>("--redis") { Description = "The address of Redis. [default: none]" };
        var queue = new Option<int>("--queue")
        {
            Description = "The outbound queue limit, in bytes.",
            DefaultValueFactory = static _ => StressServer.OutboundQueueLimit,
        };
        var command = new Command(Serve, "Runs the server.") { redis, queue };
        command.SetAction((result, _) => StressServer.RunAsync(result.GetValue(redis), result.GetValue(queue)));
        return command;
    }

    private static Command AttackCommand()
    {
        var name = new Argument<string>("name") { Description = "The name of the attack." };
        var port = new Option<int>("--port") { Description = "The port of the server.", Required = true };
        var share = Share();
        var command = new Command(Attack, "Attacks until the input ends.") { name, port, share };
        command.SetAction((result, _) =>
            AttackProcess.AttackAsync(result.GetValue(name)!, result.GetValue(port), result.GetValue(share)));
        return command;
    }

    private static Command StormCommand()
    {
        var manner = new Argument<StormManner>("manner") { Description = "What each client does." };
        var port = new Option<int>("--port") { Description = "The port of the server.", Required = true };
        var clients = new Option<int>("--clients") { Description = "The number of clients.", Required = true };
        var command = new Command(Storm, "Joins the rooms whose paths are the lines of the input, until the input ends.") { manner, port, clients };
        command.SetAction((result, _) => StormProcess.JoinAsync(result.GetValue(manner), result.GetValue(port), result.GetValue(clients)));
        return command;
    }

    private static Option<double> Minutes(double usual) =>
        new("--minutes") { Description = "The duration of the run.", DefaultValueFactory = _ => usual };

    private static Option<double> Share() =>
        new("--share") { Description = "The share of the attackers, and of their rate, to use.", DefaultValueFactory = static _ => 1 };

    private static async Task<int> ExitCodeAsync(Task<bool> running) => await running ? 0 : 1;
}
