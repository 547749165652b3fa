using System.Diagnostics;
using System.Globalization;
using ChatKit.TestKit.Client;

namespace ChatKit.StressTests.Harness;

/// <summary>
/// Two <c>chatkit.v1</c> clients that talk in their own room. The time of a message starts when it was first sent, even if the server could
/// not store it and it was sent again.
/// </summary>
internal sealed class Bystanders : IAsyncDisposable
{
    public const int Count = 2;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly ChatClient[] _clients;
    private readonly Exactness[] _seen = [.. Enumerable.Range(0, Count).Select(static _ => new Exactness(Count))];
    private readonly Dictionary<long, (long At, Task Acking, HashSet<int> SeenBy)> _sent = [];
    private Latencies _latencies = new();
    private long _since = long.MaxValue;
    private int _gaps;
    private Task _reading = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;

    private Bystanders(int port, string room)
    {
        var address = new Uri($"ws://127.0.0.1:{port}/chat/{room}");
        _clients = [.. Enumerable.Range(0, Count).Select(_ => ChatClient.Start(new ChatClientOptions
        {
            NextAddress = _ => ValueTask.FromResult(address),
            FirstDelay = TimeSpan.FromMilliseconds(100),
            LongestDelay = TimeSpan.FromSeconds(2),
            BusyDelay = TimeSpan.FromSeconds(1),
            RetryDelay = TimeSpan.FromMilliseconds(200),
        }))];
    }

    /// <summary>Starts the clients and waits until they are in their room.</summary>
    public static async Task<Bystanders> StartAsync(int port, string room)
    {
        var bystanders = new Bystanders(port, room);
        bystanders._reading = Task.WhenAll(Enumerable.Range(0, Count).Select(bystanders.ReadAsync));
        await Patience.UntilAsync(() => bystanders._clients.All(static client => client.IsLive), "the bystanders are live");
        bystanders._sending = Task.WhenAll(Enumerable.Range(0, Count).Select(bystanders.SendAsync));
        return bystanders;
    }

    /// <summary>Starts a new measurement, with the messages that are sent from now on. Returns the previous one.</summary>
    public Latencies Measure()
    {
        lock (_gate)
        {
            var before = _latencies;
            (_latencies, _since) = (new Latencies(), Stopwatch.GetTimestamp());
            return before;
        }
    }

    /// <summary>
    /// Stops sending and waits for the messages in flight. Returns the measurement and the outcome of all messages. A message that has not
    /// arrived within the limit counts as arriving then.
    /// </summary>
    public async Task<(Latencies Latencies, Outcome Outcome)> StopAsync(TimeSpan limit)
    {
        await _stop.CancelAsync();
        await _sending;
        var stopped = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(stopped) < limit && !HasEverything())
            await Task.Delay(10, CancellationToken.None);
        lock (_gate)
        {
            var missing = _sent.Values.SelectMany(static one => Enumerable.Repeat(one, Count - one.SeenBy.Count)).ToList();
            foreach (var (at, _, _) in missing.Where(one => one.At >= _since))
                _latencies.Add(Stopwatch.GetTimestamp() - at);
            var outcome = new Outcome(
                _sent.Count,
                missing.Count(static one => one.Acking.IsCompletedSuccessfully),
                _sent.Values.Count(static one => !one.Acking.IsCompletedSuccessfully),
                _seen.Sum(static one => one.Duplicates),
                _seen.Sum(static one => one.Late),
                _gaps);
            return (_latencies, outcome);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _sending;
        foreach (var client in _clients)
            await client.DisposeAsync();
        await _reading;
        _stop.Dispose();
    }

    private bool HasEverything()
    {
        lock (_gate)
            return _sent.Values.All(static one => one.SeenBy.Count == Count && one.Acking.IsCompleted);
    }

    private async Task SendAsync(int client)
    {
        for (var number = (long)client; !_stop.IsCancellationRequested; number += Count)
        {
            lock (_gate)
            {
                var acking = _clients[client].SendAsync($"{number}");
                _ = acking.ContinueWith(static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                _sent[number] = (Stopwatch.GetTimestamp(), acking, []);
            }

            await Task.Delay(Interval, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(int client)
    {
        await foreach (var happened in _clients[client].Events.ReadAllAsync())
        {
            var now = Stopwatch.GetTimestamp();
            lock (_gate)
            {
                if (happened is GapFound)
                    _gaps++;
                if (happened is not MessageReceived { Text: { } text })
                    continue;
                var number = long.Parse(text, CultureInfo.InvariantCulture);
                _seen[client].See(number);
                if (_sent[number] is var (at, _, seenBy) && seenBy.Add(client) && at >= _since)
                    _latencies.Add(now - at);
            }
        }
    }

    /// <summary>The outcome of all sent messages.</summary>
    /// <param name="Sent">The number of sent messages.</param>
    /// <param name="Lost">The number that were acknowledged and did not arrive, summed over both clients.</param>
    /// <param name="Unacknowledged">The number that were refused, or not acknowledged within the limit.</param>
    /// <param name="Duplicates">The number that arrived again.</param>
    /// <param name="Late">The number that arrived after a later message of the same sender.</param>
    /// <param name="Gaps">The number of reported gaps.</param>
    public sealed record Outcome(int Sent, int Lost, int Unacknowledged, long Duplicates, long Late, int Gaps)
    {
        public bool IsExact => this is { Lost: 0, Unacknowledged: 0, Duplicates: 0, Late: 0, Gaps: 0 };
    }
}
