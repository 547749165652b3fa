using System.Diagnostics;
using System.Net;
using ChatKit.ChaosTests.Harness;

namespace ChatKit.ChaosTests.Shutdown;

/// <summary>A server with many clients is asked to stop.</summary>
public class CrowdTests
{
    private const int Count = 5000;
    private const int Wave = 125;
    private const int Rooms = 50;

    /// <summary>The number of clients that are sent more than the system buffers hold, so that most of it waits in the server.</summary>
    private const int Backlogged = 7;

    private const int Long = 4096;
    private const int Short = 16;

    /// <summary>The number of clients that connect at the same time, which is smaller than the server's backlog.</summary>
    private const int Connecting = 100;

    private static readonly TimeSpan WaveInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The default of the host.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Five_thousand_clients_are_closed_in_waves_after_all_their_queued_messages()
    {
        var logs = Directory.CreateTempSubdirectory("chatkit-crowd-");
        var clients = Enumerable.Range(0, Count).Select(static i => new CrowdClient($"{i % Rooms}", SpeaksV1(i), i % Backlogged == 0 ? Long : Short)).ToArray();
        var node = new Node("crowd", logs, redis: null, command: "serve-crowd");
        try
        {
            await node.StartAsync();
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{node.Port}") };
            await ConnectAsync(clients, node.Port, http);
            Assert.Equal(HttpStatusCode.OK, await HealthAsync(http));

            var start = Stopwatch.GetTimestamp();
            var stopping = node.StopAsync();
            var reading = clients.Select(static client => client.ReadAsync()).ToArray();
            await Patience.UntilAsync(async () => await HealthAsync(http) == HttpStatusCode.ServiceUnavailable, "the node is not ready");

            // It goes when it is refused: the server waits for whoever has begun another request, and the bytes behind the handshake are one.
            using (var late = new CrowdClient("0", speaksV1: true, Short))
                Assert.Equal(503, await late.ConnectAsync(node.Port));
            Assert.False(stopping.IsCompleted);
            var exitCode = await stopping.WaitAsync(ShutdownTimeout);
            var took = Stopwatch.GetElapsedTime(start);
            await Task.WhenAll(reading).Soon();

            Report(clients, start, took);
            Assert.Equal(0, exitCode);
            Assert.All(clients.Index(), static it => ExpectEverything(it.Item, SpeaksV1(it.Index)));
            ExpectWaves(clients, start);
            ExpectSpread([.. clients.Where(static client => client.Retry is not null).Select(static client => client.Retry!.Value)]);
        }
        finally
        {
            foreach (var client in clients)
                client.Dispose();
            await node.DisposeAsync();
        }

        Assert.Contains(CrowdServer.Count(Count, Count), await File.ReadAllTextAsync(Path.Combine(logs.FullName, "crowd.log")));
        logs.Delete(recursive: true);
    }

    private static bool SpeaksV1(int client) => client / Rooms % 2 == 0;

    private static async Task ConnectAsync(CrowdClient[] clients, int port, HttpClient http)
    {
        await Parallel.ForEachAsync(
            clients,
            new ParallelOptions { MaxDegreeOfParallelism = Connecting },
            async (client, _) => Assert.Equal(101, await client.ConnectAsync(port)));
        await Patience.UntilAsync(async () => await http.GetStringAsync("/served") == $"{Count}", "the server has taken all messages for sending");
    }

    private static async Task<HttpStatusCode> HealthAsync(HttpClient http)
    {
        using var response = await http.GetAsync("/health");
        return response.StatusCode;
    }

    private static void Report(CrowdClient[] clients, long start, TimeSpan took)
    {
        var closes = clients.Where(static client => client.Code is not null).Select(client => Stopwatch.GetElapsedTime(start, client.ClosedAt)).Order().ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{clients.Length} connections, drain time {CrowdServer.DrainTime.TotalSeconds:0} s: the process ended after {took.TotalSeconds:0.00} s; "
            + $"close frames came after {closes.FirstOrDefault().TotalSeconds:0.00} s to {closes.LastOrDefault().TotalSeconds:0.00} s, "
            + $"half of them within {closes.ElementAtOrDefault(closes.Length / 2).TotalSeconds:0.00} s; "
            + $"abnormal closes: {clients.Length - closes.Length}, resets: {clients.Count(static client => !client.EndedGracefully)}.");
    }

    private static void ExpectEverything(CrowdClient client, bool speaksV1)
    {
        var messages = Enumerable.Range(0, CrowdServer.Messages).Select(static i => $"{i}");
        Assert.Equal(speaksV1 ? ["welcome", "live", .. messages, "restart"] : messages, client.Texts);
        Assert.Equal((1012, true), (client.Code, client.EndedGracefully));
    }

    /// <summary>Waves can be late on a slow machine, but never early.</summary>
    private static void ExpectWaves(CrowdClient[] clients, long start)
    {
        var closes = clients.Select(client => Stopwatch.GetElapsedTime(start, client.ClosedAt)).Order().ToArray();
        for (var i = 0; i < closes.Length; i++)
            Assert.True(closes[i] >= (i / Wave) * WaveInterval, $"close {i} came after {closes[i].TotalSeconds} s");
    }

    private static void ExpectSpread(double[] delays)
    {
        var longest = CrowdServer.DrainTime.TotalSeconds;
        Assert.Equal(Count / 2, delays.Length);
        Assert.InRange(delays.Min(), 0, longest / 20);
        Assert.InRange(delays.Max(), longest * 19 / 20, longest);
        Assert.InRange(delays.Average(), longest * 0.45, longest * 0.55);
    }
}
