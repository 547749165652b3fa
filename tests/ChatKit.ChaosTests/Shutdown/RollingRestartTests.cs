using System.Collections.Concurrent;
using System.Diagnostics;
using ChatKit.ChaosTests.Harness;
using ChatKit.TestKit.Client;
using ChatKit.TestKit.Verification;

namespace ChatKit.ChaosTests.Shutdown;

/// <summary>One of two nodes is stopped under load.</summary>
public sealed class RollingRestartTests : IAsyncDisposable
{
    private const int Clients = 24;
    private const int Rooms = 12;

    /// <summary>
    /// The mean time between two messages of a client. A room of two gets 20 per second, so a client that is back within 5 s has no gap.
    /// </summary>
    private static readonly TimeSpan SendInterval = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan BeforeAndAfter = TimeSpan.FromSeconds(2);

    private readonly RedisServer _redis = new();
    private readonly DirectoryInfo _logs = Directory.CreateTempSubdirectory("chatkit-rolling-");
    private readonly List<IAsyncDisposable> _started = [];

    /// <summary>Whether the node has ended, and no request goes to it anymore.</summary>
    private volatile bool _hasLeft;

    [Theory]
    [InlineData(TransportKind.WebSocket)]
    [InlineData(TransportKind.EventStream)]
    [InlineData(TransportKind.Polling)]
    public async Task All_messages_arrive_once_and_in_order_and_all_clients_move_to_the_other_node(TransportKind transport)
    {
        await _redis.InitializeAsync();
        Node[] nodes = [Started(new Node("leaving", _logs, _redis.Endpoint)), Started(new Node("staying", _logs, _redis.Endpoint))];
        await Task.WhenAll(nodes.Select(static node => node.StartAsync()));
        var network = Started(new Network(nodes));
        var texts = new ConcurrentDictionary<string, string>();
        Bot[] bots = [.. Enumerable.Range(0, Clients).Select(i => Started(StartBot(i, transport, network, texts)))];
        await Patience.UntilAsync(() => Array.TrueForAll(bots, static bot => bot.IsQuiet), "all clients are live");
        var moved = network.To(0).Count();
        if (transport == TransportKind.WebSocket)
            Assert.InRange(moved, 1, Clients - 1);

        using var stop = new CancellationTokenSource();
        var sending = bots.Select(bot => bot.SendAsync(SendInterval, stop.Token)).ToArray();
        await Task.Delay(BeforeAndAfter);
        var start = Stopwatch.GetTimestamp();
        var exitCode = await nodes[0].StopAsync();
        var took = Stopwatch.GetElapsedTime(start);
        _hasLeft = true;
        await Task.Delay(BeforeAndAfter);
        await stop.CancelAsync();
        await Task.WhenAll(sending);
        Assert.Empty(await bots.ComeToRestAsync(Patience.Limit, more: Server.CheckInterval));

        ClientLog[] logs = [.. bots.Select(static bot => bot.Log())];
        var sent = logs.SelectMany(static log => log.Sent).ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{moved} connections of {Clients} clients moved, the node ended after {took.TotalSeconds:0.00} s; {sent.Length} messages sent, "
            + $"{logs.Sum(static log => log.Seen.Count)} delivered.");
        Assert.Equal(0, exitCode);
        if (transport == TransportKind.WebSocket)
        {
            // The others have connections for their requests as well.
            Assert.Equal(Clients, network.To(1).Count());

            // One more for each that moved, or a few if a busy machine was so slow that the client gave one up.
            Assert.InRange(bots.Sum(static bot => bot.Connections), Clients + moved, 2 * (Clients + moved));
        }

        Assert.All(sent, static one => Assert.Equal(Outcome.Acknowledged, one.Outcome));
        Assert.All(logs, static log => Assert.DoesNotContain(log.Seen, static seen => seen.Gap is not null));
        Assert.Empty(Verifier.Verify(logs, Server.HistoryCapacity).Problems);
        Assert.Empty(nodes.SelectMany(static node => node.Errors));
        Assert.All(
            logs.GroupBy(static log => log.Room),
            static room => Assert.All(room, log => Assert.Equal(room.Sum(static other => other.Sent.Count), log.Seen.Count)));
    }

    public async ValueTask DisposeAsync()
    {
        _started.Reverse();
        foreach (var started in _started)
            await started.DisposeAsync();
        await _redis.DisposeAsync();
        _logs.Delete(recursive: true);
    }

    private Bot StartBot(int number, TransportKind transport, Network network, ConcurrentDictionary<string, string> texts)
    {
        var room = $"room{number % Rooms}";

        // No attempt may time out, because the server would count a connection without a client.
        return new Bot(
            $"c{number}", room, number, AddressOf, network.Invoker, texts, Patience.Limit, transport: transport);

        Uri AddressOf(Random nodes) => _hasLeft ? network.AddressOf(node: 1, room) : network.AddressOf(nodes, room);
    }

    private T Started<T>(T it)
        where T : IAsyncDisposable
    {
        _started.Add(it);
        return it;
    }
}
