using System.Globalization;
using System.Net.Http.Json;

namespace ChatKit.Samples.Tests;

public sealed class AppHostTests(RedisServer redis) : IClassFixture<RedisServer>
{
    /// <summary>The sample isn't in ChatKit.sln, because the packages of Aspire are large.</summary>
    [Fact]
    public async Task Two_nodes_share_a_room()
    {
        var program = Sample.ProgramOf("AppHost");
        Assert.SkipUnless(File.Exists(program), "samples/AppHost isn't built; run: dotnet build build/All.slnx");
        var port = RedisServer.FreePort();
        using var http = new HttpClient { DefaultRequestHeaders = { Accept = { new("application/json") } } };
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] arguments = ["--port", port.ToString(CultureInfo.InvariantCulture), "--redis", redis.Endpoint, "--no-dashboard"];
        await using var host = DotnetProcess.Start(program, arguments, Read, Read);
        await started.Task.Soon();

        await UntilReadyAsync(port);
        await UntilReadyAsync(port + 1);
        var sent = await http.PostAsJsonAsync(Lobby(port), new { data = "hello" }).Soon();
        var page = await http.GetStringAsync(Lobby(port + 1)).Soon();

        Assert.True(sent.IsSuccessStatusCode);
        Assert.Contains("\"data\":\"hello\"", page);
        await Signals.TerminateAsync(host.Look()).Soon(); // It ends the nodes.

        void Read(string line)
        {
            if (line.Contains("Distributed application started", StringComparison.Ordinal))
                started.TrySetResult();
        }

        Task UntilReadyAsync(int port) => Patience.UntilAsync(
            async () =>
            {
                try
                {
                    return (await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"))).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            $"a node is ready at port {port}");
    }

    private static Uri Lobby(int port) => new($"http://127.0.0.1:{port}/chat/lobby");
}
