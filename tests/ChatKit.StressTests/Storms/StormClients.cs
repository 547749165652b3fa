using System.Diagnostics;
using System.Net.Sockets;
using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Storms;

/// <summary>The clients of a storm. All start at once, and a client that loses its connection reconnects.</summary>
/// <param name="port">The port of the server.</param>
/// <param name="paths">The paths that clients connect to, in turns.</param>
/// <param name="count">The number of clients.</param>
internal sealed class StormClients(int port, IReadOnlyList<string> paths, int count)
{
    private const string Protocol = "Sec-WebSocket-Protocol: chatkit.v1";
    private const string LiveFrame = """{"type":"live",""";
    private const string PingFrame = """{"type":"ping""";

    private const int BufferSize = 64 * 1024;

    /// <summary>The number of bytes that a slow client reads in each interval.</summary>
    private const int Trickle = 1024;

    /// <summary>The number of bytes after which a client has received more than the welcome, so the server has read its page.</summary>
    private const int Welcome = 2048;

    /// <summary>The receive buffer of a slow client, in bytes.</summary>
    private const int SmallBuffer = 4096;

    /// <summary>The number of bytes that a visitor sends per second: 210 KiB in 40 s.</summary>
    private const double VisitorBytesPerSecond = 210 * 1024 / 40.0;

    private static readonly TimeSpan TrickleInterval = TimeSpan.FromSeconds(1);

    /// <summary>The minimum delay before a client reconnects. The maximum is twice as long.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private static readonly byte[] TextPong = ClientFrame.Of(ClientFrame.Text, """{"type":"pong"}""");

    private readonly Lock _gate = new();
    private readonly Latencies _untilLive = new();
    private readonly TaskCompletionSource _allLive = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _begun = Stopwatch.GetTimestamp();
    private long _last;
    private int _connections;
    private int _interrupted;

    /// <summary>Completes when every client is live.</summary>
    public Task AllLive => _allLive.Task;

    public StormTally Tally
    {
        get
        {
            lock (_gate)
            {
                var live = _untilLive.Count;
                return live == 0
                    ? new StormTally(_connections, _interrupted, 0, null, null, null)
                    : new StormTally(
                        _connections, _interrupted, live, _untilLive.Milliseconds(0.5), _untilLive.Milliseconds(0.99),
                        Stopwatch.GetElapsedTime(_begun, _last).TotalMilliseconds);
            }
        }
    }

    /// <summary>Runs until it is stopped.</summary>
    public Task RunAsync(StormManner manner, CancellationToken stop) => manner switch
    {
        StormManner.Join => Task.WhenAll(Enumerable.Range(0, count).Select(i => StayAsync(i, JoinOnceAsync, stop))),
        StormManner.Trickle => Task.WhenAll(Enumerable.Range(0, count).Select(i => StayAsync(i, TrickleOnceAsync, stop))),
        _ => VisitAsync(stop),
    };

    private async Task StayAsync(int client, Func<string, Client, CancellationToken, Task> once, CancellationToken stop)
    {
        await Task.Yield();
        var state = new Client();
        while (!stop.IsCancellationRequested)
        {
            await TryAsync(() => once(paths[client % paths.Count], state, stop));
            await Task.Delay(RetryDelay * (1 + Random.Shared.NextDouble()), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task JoinOnceAsync(string path, Client client, CancellationToken stop)
    {
        using var intruder = await Intruder.ConnectAsync(port, bufferSize: BufferSize, stop: stop);
        client.Started ??= Stopwatch.GetTimestamp();
        await OpenAsync(intruder, path, stop);
        var answers = new List<byte[]>();
        var frames = new ServerFrames
        {
            OnText = text =>
            {
                if (text.StartsWith(LiveFrame, StringComparison.Ordinal))
                    BecameLive(client);
                else if (text.StartsWith(PingFrame, StringComparison.Ordinal))
                    answers.Add(TextPong);
            },
            OnPing = payload => answers.Add(ClientFrame.Of(ClientFrame.Pong, payload)),
        };
        while (await intruder.ReceiveAsync(stop) is { IsEmpty: false } bytes)
        {
            frames.Take(bytes.Span);
            foreach (var answer in answers)
                await intruder.SendAsync(answer, stop);
            answers.Clear();
        }

        throw new IOException($"The server has ended the connection with {frames.CloseCode}.");
    }

    /// <summary>
    /// Sends a sign of life every second, because the server's pings are behind the data that the client has not read. The client counts as live
    /// with its first message, because no slow client reads to the end.
    /// </summary>
    private async Task TrickleOnceAsync(string path, Client client, CancellationToken stop)
    {
        using var intruder = await Intruder.ConnectAsync(port, SmallBuffer, Trickle, stop);
        client.Started ??= Stopwatch.GetTimestamp();
        await OpenAsync(intruder, path, stop);
        var read = 0;
        while (await intruder.ReceiveAsync(stop) is { IsEmpty: false } bytes)
        {
            read += bytes.Length;
            if (read > Welcome)
                BecameLive(client);
            await intruder.SendAsync(ClientFrame.Of(ClientFrame.Pong, ""), stop);
            await Task.Delay(TrickleInterval, stop);
        }

        throw new IOException("The server has ended the connection.");
    }

    /// <summary>Starts each visit without waiting for the previous one, because a slow server must not slow down the attacker.</summary>
    private async Task VisitAsync(CancellationToken stop)
    {
        var pace = new Pace(VisitorBytesPerSecond / RawClient.Handshake(paths[0], headers: Protocol).Length);
        var visits = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            await TryAsync(() => pace.TakeAsync(1, stop).AsTask());
            visits.Add(TryAsync(async () =>
            {
                using var intruder = await Intruder.ConnectAsync(port, stop: stop);
                await OpenAsync(intruder, paths[0], stop);
            }));
        }

        await Task.WhenAll(visits);
    }

    private async Task OpenAsync(Intruder intruder, string path, CancellationToken stop)
    {
        if (await intruder.OpenAsync(path, stop, Protocol) != 101)
            throw new IOException("The server has refused the connection.");
        Interlocked.Increment(ref _connections);
    }

    private async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (OperationCanceledException)
        {
            // The storm has ended.
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Interlocked.Increment(ref _interrupted);
        }
    }

    private void BecameLive(Client client)
    {
        if (client.IsLive)
            return;
        client.IsLive = true;
        lock (_gate)
        {
            _last = Stopwatch.GetTimestamp();
            _untilLive.Add(_last - client.Started!.Value);
            if (_untilLive.Count == count)
                _allLive.TrySetResult();
        }
    }

    private sealed class Client
    {
        /// <summary>The time at which the client started its first handshake.</summary>
        public long? Started { get; set; }

        public bool IsLive { get; set; }
    }
}
