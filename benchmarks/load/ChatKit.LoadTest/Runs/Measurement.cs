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
        var port = ChildProcess.FreePort();
        using var process = ChildProcess.StartServer(
            Cores.Server, port, server.File, server.Arguments(port, redis?.Endpoint), server.Variables);
        using var generator = ChildProcess.Start(
            Cores.Generator,
            Self.Program,
            [
                .. Self.Arguments, "generate", workload.Name, "--rooms", $"{workload.Rooms}", "--members", $"{workload.Members}",
                "--senders", $"{workload.Paced}", "--rate", $"{workload.Rate}", "--server", $"127.0.0.1:{port}", "--process", $"{process.Id}",
                "--client", server.Client, "--warmup", $"{options.WarmUp}", "--duration", $"{options.Duration}",
                "--settle", $"{options.Settle}",
            ],
            GeneratorVariables);
        return generator.ReadToEnd() is { } json
            ? GeneratorResult.Parse(json)
            : throw new IOException($"{generator.Said}\n{process.Said}".Trim());
    }
}
