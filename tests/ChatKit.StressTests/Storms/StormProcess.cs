using System.Text.Json;

namespace ChatKit.StressTests.Storms;

/// <summary>The clients of a storm in a separate process, so that they do not affect the measurements in this one.</summary>
internal sealed class StormProcess : IAsyncDisposable
{
    /// <summary>A time-out that is long enough for a process with low priority on a busy machine.</summary>
    private static readonly TimeSpan SpeechLimit = TimeSpan.FromMinutes(2);

    private readonly DotnetProcess _process;

    private StormProcess(StormManner manner, int port, int clients, bool yields) =>
        _process = DotnetProcess.Start(
            typeof(StormProcess).Assembly,
            [CommandLine.Storm, $"{manner}", "--port", $"{port}", "--clients", $"{clients}"],
            onOutput: null,
            Console.Error.WriteLine,
            yields);

    /// <summary>Starts the process and waits until the storm has started.</summary>
    /// <param name="manner">What each client does.</param>
    /// <param name="port">The port of the server.</param>
    /// <param name="paths">The paths that clients connect to, in turns.</param>
    /// <param name="clients">The number of clients.</param>
    /// <param name="yields">Whether the process runs at low priority.</param>
    public static async Task<StormProcess> StartAsync(StormManner manner, int port, IEnumerable<string> paths, int clients, bool yields)
    {
        var process = new StormProcess(manner, port, clients, yields);
        try
        {
            foreach (var path in paths)
                await process._process.Input.WriteLineAsync(path);
            await process._process.Input.WriteLineAsync();
            await process._process.Input.FlushAsync();
            await process._process.ReadLineAsync(SpeechLimit);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until all clients are live. Returns false if they are not live within the limit.</summary>
    public async Task<bool> BecomesLiveAsync(TimeSpan limit)
    {
        try
        {
            await _process.ReadLineAsync(limit);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Ends the storm.</summary>
    public async Task<StormTally> StopAsync()
    {
        _process.Input.Close();
        while (true)
        {
            if (await _process.ReadLineAsync(SpeechLimit) is ['{', ..] tally)
                return JsonSerializer.Deserialize(tally, TallyContext.Default.StormTally)!;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>The main method of the process.</summary>
    public static async Task JoinAsync(StormManner manner, int port, int count)
    {
        var paths = new List<string>();
        while (await Console.In.ReadLineAsync() is { Length: > 0 } path)
            paths.Add(path);
        using var stop = new CancellationTokenSource();
        var clients = new StormClients(port, paths, count);
        Console.WriteLine("begun");
        var running = clients.RunAsync(manner, stop.Token);

        // The console's reader blocks, even in its async methods.
        var ended = Task.Run(Console.In.ReadToEnd);
        if (await Task.WhenAny(clients.AllLive, ended) == clients.AllLive)
            Console.WriteLine("live");
        await ended;
        var tally = clients.Tally;
        await stop.CancelAsync();
        await running;
        Console.WriteLine(JsonSerializer.Serialize(tally, TallyContext.Default.StormTally));
    }
}
