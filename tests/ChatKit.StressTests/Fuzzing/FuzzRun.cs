using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Fuzzing;

/// <summary>Sends corrupted sessions to a server concurrently, and checks that it stays healthy.</summary>
internal sealed class FuzzRun(ServerProcess server)
{
    private const int Clients = 48;

    /// <summary>The number of sessions after which to check that the server still answers.</summary>
    private const int BatchSize = 500;

    /// <summary>The memory that pools keep, in bytes.</summary>
    private const long Slack = 16 * 1024 * 1024;

    private const int HandleSlack = 10;

    /// <summary>The time for which a client waits for the response to its handshake. A corrupted handshake may have none.</summary>
    private static readonly TimeSpan ResponseTime = TimeSpan.FromMilliseconds(200);

    /// <summary>The time for which a client waits for the server to end the connection, before it ends it itself.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The time after which a server that has not ended a connection that its client has ended counts as hung.</summary>
    private static readonly TimeSpan HangTime = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, int> _outcomes = new();
    private readonly ConcurrentQueue<string> _problems = new();
    private int _cases;

    /// <summary>Runs cases with consecutive seeds.</summary>
    /// <param name="seed">The seed of the first case.</param>
    /// <param name="time">The duration of the run.</param>
    public static async Task<FuzzResult> RunAsync(int seed, TimeSpan time)
    {
        await using var server = await ServerProcess.StartAsync();
        var run = new FuzzRun(server);
        var start = Stopwatch.GetTimestamp();

        // The first cases fill the histories and the pools.
        await run.RunBatchAsync(seed);
        var before = await server.AskAsync(collect: true);
        while (Stopwatch.GetElapsedTime(start) < time && run._problems.IsEmpty)
            await run.RunBatchAsync(seed + run._cases);
        await run.CheckServerAsync(before);
        return new FuzzResult(seed, run._cases, Stopwatch.GetElapsedTime(start), run._outcomes.ToDictionary(), [.. run._problems])
        {
            Before = before,
            After = await server.AskAsync(collect: true),
        };
    }

    /// <summary>Runs a single case.</summary>
    public static async Task<FuzzResult> RepeatAsync(int seed)
    {
        await using var server = await ServerProcess.StartAsync();
        var before = await server.AskAsync(collect: true);
        var run = new FuzzRun(server);
        await run.RunCaseAsync(new FuzzCase(seed));
        await run.CheckServerAsync(before);
        return new FuzzResult(seed, 1, TimeSpan.Zero, run._outcomes.ToDictionary(), [.. run._problems])
        {
            Before = before,
            After = await server.AskAsync(collect: true),
        };
    }

    private async Task RunBatchAsync(int seed)
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(seed, BatchSize),
            new ParallelOptions { MaxDegreeOfParallelism = Clients },
            async (one, _) => await RunCaseAsync(new FuzzCase(one)));
        _cases += BatchSize;
        await ProbeAsync();
    }

    private async Task RunCaseAsync(FuzzCase one)
    {
        var frames = new ServerFrames();
        var outcome = await OutcomeAsync(one, frames);
        _outcomes.AddOrUpdate(outcome, 1, static (_, count) => count + 1);
        if (frames.Problem is not null)
            _problems.Enqueue($"{one}: {frames.Problem}");

        // The server must not report an error to a valid client.
        if (one.Spoilt == FuzzSpoilt.Nothing && frames.CloseCode is 1002 or 1007)
            _problems.Enqueue($"{one}: nothing is corrupted, and the server closed with {frames.CloseCode}");
        if (frames.CloseCode == 1011)
            _problems.Enqueue($"{one}: the handler failed");
    }

    private async Task<string> OutcomeAsync(FuzzCase one, ServerFrames frames)
    {
        using var limit = new CancellationTokenSource(HangTime);
        try
        {
            using var client = await Intruder.ConnectAsync(server.Port, stop: limit.Token);
            await client.SendAsync(one.Handshake, limit.Token);
            var opening = client.ReadStatusAsync(limit.Token);
            if (!one.Hurries)
                await Task.WhenAny(opening, Task.Delay(ResponseTime, limit.Token));
            var reading = ReadAsync(client, opening, frames, limit.Token);
            await SendAsync(client, one, limit.Token);

            // Kestrel treats a client that has shut down sending as disconnected, so the server could not send its close frame.
            if (!one.Hurries)
                await Task.WhenAny(reading, Task.Delay(Pause, limit.Token));
            Finish(client);
            return await reading;
        }
        catch (OperationCanceledException)
        {
            _problems.Enqueue($"{one}: the server has not ended the connection for {HangTime.TotalSeconds} s");
            return "hangs";
        }
        catch (SocketException)
        {
            return "reset";
        }
    }

    private static void Finish(Intruder client)
    {
        try
        {
            client.Finish();
        }
        catch (SocketException)
        {
            // The server has already ended the connection.
        }
    }

    private static async Task SendAsync(Intruder client, FuzzCase one, CancellationToken stop)
    {
        try
        {
            foreach (var (piece, wait) in one.Pieces())
            {
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait, stop);
                await client.SendAsync(piece, stop);
            }
        }
        catch (SocketException)
        {
            // The server does not have to read what follows a protocol violation.
        }
    }

    private static async Task<string> ReadAsync(Intruder client, Task<int> opening, ServerFrames frames, CancellationToken stop)
    {
        var status = await opening;
        if (status != 101)
        {
            await client.DrainAsync(stop);
            return status == 0 ? "no response" : $"status {status}";
        }

        try
        {
            while (await client.ReceiveAsync(stop) is { IsEmpty: false } bytes)
                frames.Take(bytes.Span);
            return frames.CloseCode is { } code ? $"close {code}" : "end without a close";
        }
        catch (SocketException) when (frames.CloseCode is not null)
        {
            return $"close {frames.CloseCode}, then reset";
        }
    }

    /// <summary>Checks that the server answers a well-behaved client.</summary>
    private async Task ProbeAsync()
    {
        try
        {
            using var probe = await RawClient.ConnectAsync(new Uri($"http://127.0.0.1:{server.Port}"));
            await probe.OpenAsync("/chat/probe");
            await probe.SendAsync(ClientFrame.Of(ClientFrame.Text, $"{StressHandler.Echo}alive"));
            if (await probe.ReceiveTextAsync() != "alive")
                _problems.Enqueue("the echo is another one");
        }
        catch (Exception e)
        {
            _problems.Enqueue($"after {_cases} cases the server does not answer a client that does nothing wrong: {e}\n{server.Complaints}");
        }
    }

    private async Task CheckServerAsync(ServerStats before)
    {
        if (!await server.HasAtMostConnectionsAsync(0))
            _problems.Enqueue("connections are left");
        var after = await server.AskAsync(collect: true);
        if (after.Managed > before.Managed + Slack || after.Handles > before.Handles + HandleSlack)
            _problems.Enqueue($"afterwards {after} is too much for what was before: {before}");
        foreach (var problem in after.Problems)
            _problems.Enqueue(problem);
    }
}
