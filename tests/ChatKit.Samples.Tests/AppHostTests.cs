using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace ChatKit.Samples.Tests;

public sealed class AppHostTests(RedisServer redis) : IClassFixture<RedisServer>
{
    /// <summary>Aspire starts each node with <c>dotnet run</c>, which looks at all of its projects first.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>The sample isn't in ChatKit.sln, because the packages of Aspire are large.</summary>
    [Fact]
    public async Task Two_nodes_share_a_room()
    {
        var program = Sample.ProgramOf("AppHost");
        Assert.SkipUnless(File.Exists(program), "samples/AppHost isn't built; run: dotnet build build/All.slnx");
        var port = FreePorts();
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
                    await Task.Delay(PollInterval);
                    return false;
                }
            },
            $"a node is ready at port {port}",
            StartLimit);
    }

    /// <summary>
    /// The first of two free ports, one after the other. They are below those of outgoing connections, which could otherwise take one before its
    /// node does.
    /// </summary>
    private static int FreePorts()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            if (IsFree(port) && IsFree(port + 1))
                return port;
        }

        static bool IsFree(int port)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    private static Uri Lobby(int port) => new($"http://127.0.0.1:{port}/chat/lobby");
}
