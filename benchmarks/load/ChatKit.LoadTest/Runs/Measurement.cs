using ChatKit.LoadTest.Generator;
using ChatKit.LoadTest.Workloads;

namespace ChatKit.LoadTest.Runs;

/// <summary>Runs one workload against one server, both in new processes.</summary>
internal static class Measurement
{
    /// <summary>The environment of the generator's process, without a second thread for the collector.</summary>
    private static readonly Dictionary<string, string> GeneratorVariables = new()
    {
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_gcConcurrent"] = "0",
    };

    /// <exception cref="IOException">The server or the generator has failed.</exception>
    public static GeneratorResult Take(RunOptions options, Workload workload, ServerSpec server)
    {
        using var redis = server.UsesRedis ? RedisProcess.Start() : null;
        using var process = ServerProcess.Start(server, redis?.Endpoint);
        using var generator = StartGenerator(workload, server, process, options.WarmUp, options.Duration, options.Settle);
        return generator.ReadToEnd() is { } json
            ? GeneratorResult.Parse(json)
            : throw new IOException($"{generator.Said}\n{process.Said}".Trim());
    }

    /// <summary>Starts a generator, which prints its result when it ends.</summary>
    public static ChildProcess StartGenerator(
        Workload workload, ServerSpec server, ServerProcess process, double warmUp, double duration, double settle = 0) =>
        ChildProcess.Start(
            Cores.Generator,
            Self.Program,
            [
                .. Self.Arguments, "generate", workload.Name, "--rooms", $"{workload.Rooms}", "--members", $"{workload.Members}",
                "--senders", $"{workload.Paced}", "--rate", $"{workload.Rate}", "--server", $"{process.Address}", "--process", $"{process.Id}",
                "--client", server.Client, "--warmup", $"{warmUp}", "--duration", $"{duration}", "--settle", $"{settle}",
            ],
            GeneratorVariables);
}
