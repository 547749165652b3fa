using System.Collections.Concurrent;
using System.Diagnostics;
using ChatKit.TestKit.Client;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Measures the latency of messages without faults: from the sender back to it, and to the others in its room.</summary>
internal sealed class Latency : IAsyncDisposable
{
    private const int Rooms = 5;
    private const int Clients = 20;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SendInterval = TimeSpan.FromMilliseconds(200);

    private readonly RedisServer _redis = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chatkit-latency-");
    private readonly Node[] _nodes;
    private readonly List<(ChatClient Client, Task Reading)> _clients = [];
    private readonly ConcurrentDictionary<string, (int Sender, long At)> _sent = new();
    private readonly ConcurrentBag<double> _own = [];
    private readonly ConcurrentBag<double> _others = [];
    private volatile bool _measuring;

    private Latency(int nodes)
    {
        _nodes = [.. Enumerable.Range(1, nodes).Select(i => new Node($"node{i}", _folder, _redis.Endpoint))];
    }

    /// <summary>Measures with one node and with three, and prints a table. Times are in milliseconds.</summary>
    public static async Task RunAsync()
    {
        Console.WriteLine("| nodes | messages | own p50 | own p99 | others p50 | others p99 |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var nodes in (int[])[1, 3])
        {
            await using var latency = new Latency(nodes);
            Console.WriteLine(await latency.MeasureAsync());
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (client, reading) in _clients)
        {
            await client.DisposeAsync();
            await reading;
        }

        foreach (var node in _nodes)
            await node.DisposeAsync();
        await _redis.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task<string> MeasureAsync()
    {
        await _redis.InitializeAsync();
        await Task.WhenAll(_nodes.Select(static node => node.StartAsync()));
        for (var i = 0; i < Clients; i++)
        {
            // The clients of a room are distributed over the nodes.
            var address = new Uri($"ws://127.0.0.1:{_nodes[i / Rooms % _nodes.Length].Port}/chat/room{i % Rooms}");
            var client = ChatClient.Start(new ChatClientOptions { NextAddress = _ => ValueTask.FromResult(address) });
            _clients.Add((client, ReadAsync(client, i)));
        }

        await Patience.UntilAsync(() => _clients.TrueForAll(static one => one.Client.IsLive), "all clients are live");
        using var stop = new CancellationTokenSource();
        var sending = _clients.Select((one, i) => SendAsync(one.Client, i, stop.Token)).ToArray();
        await Task.Delay(WarmUp);
        _measuring = true;
        await Task.Delay(Duration);
        await stop.CancelAsync();
        await Task.WhenAll(sending);
        await Patience.UntilAsync(
            () => _own.Count == _sent.Count && _others.Count == _sent.Count * ((Clients / Rooms) - 1), "every client has received the last messages");
        return $"| {_nodes.Length} | {_own.Count} | {Quantile(_own, 0.5)} | {Quantile(_own, 0.99)} | {Quantile(_others, 0.5)} | {Quantile(_others, 0.99)} |";
    }

    private async Task SendAsync(ChatClient client, int sender, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            // Random times avoid bursts.
            await Task.Delay(2 * SendInterval * Random.Shared.NextDouble(), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var text = $"{sender}:{i}";
            if (_measuring)
                _sent[text] = (sender, Stopwatch.GetTimestamp());
            _ = client.SendAsync(text);
        }
    }

    private async Task ReadAsync(ChatClient client, int reader)
    {
        await foreach (var happened in client.Events.ReadAllAsync())
        {
            if (happened is MessageReceived { Text: { } text } && _sent.TryGetValue(text, out var sent))
                (sent.Sender == reader ? _own : _others).Add(Stopwatch.GetElapsedTime(sent.At).TotalMilliseconds);
        }
    }

    private static string Quantile(IEnumerable<double> times, double quantile)
    {
        var sorted = times.Order().ToArray();
        return sorted.Length == 0 ? "-" : $"{sorted[(int)(quantile * (sorted.Length - 1))]:0.0}";
    }
}
