using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Harness;

/// <summary>The server in a separate process.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    /// <summary>
    /// The default garbage collector of web applications, but without adapting to a small heap. Otherwise, the young generation is small, and
    /// the objects of thousands of clients that connect at once survive several collections. Each of them copies these objects while all other
    /// clients wait.
    /// </summary>
    private static readonly KeyValuePair<string, string>[] Variables =
    [
        KeyValuePair.Create("DOTNET_gcServer", "1"),
        KeyValuePair.Create("DOTNET_GCDynamicAdaptationMode", "0"),
    ];

    private readonly SemaphoreSlim _asking = new(1);
    private readonly Queue<string> _complaints = new();
    private readonly DotnetProcess _process;

    private ServerProcess(string? redis, int queueLimit)
    {
        string[] arguments = [CommandLine.Serve, "--queue", $"{queueLimit}", .. redis is null ? [] : new[] { "--redis", redis }];
        _process = DotnetProcess.Start(typeof(ServerProcess).Assembly, arguments, onOutput: null, Complain, variables: Variables);
    }

    public int Port { get; private set; }

    /// <summary>Whether the process has ended, which must not happen.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>The last lines of standard error.</summary>
    public string Complaints
    {
        get
        {
            lock (_complaints)
                return string.Join('\n', _complaints);
        }
    }

    /// <summary>The memory of the process in bytes, as reported by the system, without affecting the server.</summary>
    public long Resident => _process.Look().WorkingSet64;

    /// <summary>Starts the server and waits until it accepts connections.</summary>
    /// <param name="redis">The address of Redis; null for none.</param>
    /// <param name="queueLimit">The outbound queue limit, in bytes.</param>
    public static async Task<ServerProcess> StartAsync(string? redis = null, int queueLimit = StressServer.OutboundQueueLimit)
    {
        var server = new ServerProcess(redis, queueLimit);
        try
        {
            server.Port = int.Parse(await server._process.ReadLineAsync(), CultureInfo.InvariantCulture);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns the statistics that the server reports.</summary>
    /// <param name="collect">Whether to collect all garbage first.</param>
    /// <exception cref="InvalidOperationException">The server does not answer.</exception>
    public async Task<ServerStats> AskAsync(bool collect = false)
    {
        await _asking.WaitAsync();
        try
        {
            await _process.Input.WriteLineAsync(collect ? StressServer.AskCollected : StressServer.AskStats);
            await _process.Input.FlushAsync();
            return JsonSerializer.Deserialize(await _process.ReadLineAsync(), StatsContext.Default.ServerStats)!;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"The server does not answer; it said: {Complaints}", e);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>Waits until at most this many connections are left.</summary>
    /// <returns>False if there are more after the time limit.</returns>
    public async Task<bool> HasAtMostConnectionsAsync(int connections)
    {
        var start = Stopwatch.GetTimestamp();
        while ((await AskAsync()).Connections > connections)
        {
            if (Stopwatch.GetElapsedTime(start) > Patience.Limit)
                return false;
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _asking.Dispose();
    }

    private void Complain(string line)
    {
        const int MaxComplaints = 50;
        lock (_complaints)
        {
            _complaints.Enqueue(line);
            if (_complaints.Count > MaxComplaints)
                _complaints.Dequeue();
        }
    }
}
