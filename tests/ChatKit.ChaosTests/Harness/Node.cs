namespace ChatKit.ChaosTests.Harness;

/// <summary>One node: the server in a separate process, which can be killed and started again on the same port.</summary>
/// <param name="name">The name of the node.</param>
/// <param name="logs">The folder for its log, which is a file with the name of the node.</param>
/// <param name="redis">The address of Redis; null for none.</param>
/// <param name="command">The command that runs the server; see <see cref="CommandLine"/>.</param>
/// <param name="sockets">Whether ChatKit's transport serves the connections.</param>
internal sealed class Node(string name, DirectoryInfo logs, string? redis, string command = "serve", bool sockets = false) : IAsyncDisposable
{
    private readonly StreamWriter _log = new(Path.Combine(logs.FullName, $"{name}.log")) { AutoFlush = true };
    private DotnetProcess? _process;

    public string Name { get; } = name;

    /// <summary>How often a slow client was behind its room and resumed from history.</summary>
    public int FellBehind { get; private set; }

    /// <summary>How often a message could not be stored when it first arrived.</summary>
    public int NotStored { get; private set; }

    /// <summary>The errors in the log of the node and its web server, except that Redis is unavailable, which is intended.</summary>
    public List<string> Errors { get; } = [];

    public int Port { get; } = RedisServer.FreePort();

    /// <summary>Starts the process and waits until it accepts connections.</summary>
    public async Task StartAsync()
    {
        string[] arguments =
        [
            command, "--port", $"{Port}", .. redis is null ? [] : new[] { "--redis", redis }, .. sockets ? new[] { "--sockets" } : [],
        ];
        _process = DotnetProcess.Start(typeof(Node).Assembly, arguments, Write, Write);
        await DotnetProcess.UntilAcceptsAsync(Port);
    }

    /// <summary>Kills the process.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;

        _process = null;
        await process.DisposeAsync();
        Write("--- killed ---");
    }

    /// <summary>Asks the process to end and waits until it has. Returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        await using var process = _process!;
        _process = null;
        var exitCode = await Signals.TerminateAsync(process.Look()).Soon();
        Write("--- stopped ---");
        return exitCode;
    }

    /// <summary>Suspends the process for a while.</summary>
    public Task FreezeAsync(TimeSpan time) => _process is { } process ? Signals.FreezeAsync(process.Id, time) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _log.DisposeAsync();
    }

    private void Write(string line)
    {
        lock (_log)
        {
            if (_log.BaseStream is not { CanWrite: true })
                return;
            _log.WriteLine(line);
            FellBehind += line.Contains("[200]", StringComparison.Ordinal) ? 1 : 0;
            NotStored += line.Contains("[104]", StringComparison.Ordinal) ? 1 : 0;
            var isOfServer = line.Contains("fail: Microsoft", StringComparison.Ordinal);
            if (isOfServer || (line.Contains("fail: ChatKit", StringComparison.Ordinal) && !line.Contains("Redis", StringComparison.Ordinal)))
                Errors.Add($"{Name}: {line}");
        }
    }
}
