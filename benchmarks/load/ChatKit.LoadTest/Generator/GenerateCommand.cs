using System.CommandLine;
using System.Net;
using ChatKit.LoadTest.Generator.Tests;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Generator;

/// <summary>The command <c>generate</c>: runs one workload against a running server, and prints the result as JSON.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var workload = new Argument<string>("workload") { Description = "The workload's name." };
        var rooms = Other<int>("--rooms", "The number of rooms.");
        var members = Other<int>("--members", "The number of members of each room.");
        var senders = Other<int>("--senders", "The number of members of each room that send at a fixed rate.");
        var rate = Other<double>("--rate", "The number of messages per second that they send together.");
        var server = new Option<string>("--server") { Description = "The address of the server.", DefaultValueFactory = _ => "127.0.0.1:8100" };
        var process = new Option<int>("--process") { Description = "The id of the server's process.", Required = true };
        var client = new Option<string>("--client") { Description = "The way to reach the server.", DefaultValueFactory = _ => "plain" };
        var warmUp = Seconds("--warmup", 2, "Seconds before anything is measured.");
        var duration = Seconds("--duration", 5, "Seconds that are measured.");
        var settle = Seconds("--settle", 10, "Seconds for which memory is left to settle.");
        workload.AcceptOnlyFromAmong([.. WorkloadCatalog.All.Select(static one => one.Name)]);
        client.AcceptOnlyFromAmong([.. ClientCatalog.All.Keys]);

        var command = new Command("generate", "Runs one workload against a server that runs, and prints what it has measured as JSON.")
        {
            workload, rooms, members, senders, rate, server, process, client, warmUp, duration, settle,
        };
        command.SetAction(result => Run(new GeneratorOptions(
            Change(
                WorkloadCatalog.Get(result.GetRequiredValue(workload)),
                result.GetValue(rooms),
                result.GetValue(members),
                result.GetValue(senders),
                result.GetValue(rate)),
            IPEndPoint.Parse(result.GetRequiredValue(server)),
            result.GetRequiredValue(process),
            ClientCatalog.All[result.GetRequiredValue(client)],
            TimeSpan.FromSeconds(result.GetRequiredValue(warmUp)),
            TimeSpan.FromSeconds(result.GetRequiredValue(duration)),
            TimeSpan.FromSeconds(result.GetRequiredValue(settle)),
            $"load{Environment.ProcessId}")));
        return command;
    }

    private static Workload Change(Workload workload, int? rooms, int? members, int? senders, double? rate) => workload with
    {
        Rooms = rooms ?? workload.Rooms,
        Members = members ?? workload.Members,
        Paced = senders ?? workload.Paced,
        Rate = rate ?? workload.Rate,
    };

    private static Option<T?> Other<T>(string name, string description)
        where T : struct => new(name) { Description = $"{description} [default: that of the workload]" };

    private static Option<double> Seconds(string name, double value, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static int Run(GeneratorOptions options)
    {
        DescriptorLimit.Raise(options.Workload.Connections);
        try
        {
            Console.WriteLine(Measure(options).ToJson());
            return 0;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or TimeoutException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    private static GeneratorResult Measure(GeneratorOptions options)
    {
        switch (options.Workload.Kind)
        {
            case WorkloadKind.Idle:
                return new IdleTest(options).Run();
            case WorkloadKind.Storm:
                return new StormTest(options).Run();
            default:
                using (var test = new MessageTest(options))
                    return test.Run();
        }
    }
}
