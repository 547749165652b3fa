using Garnet;

namespace ChatKit.TestKit.Redis;

/// <summary>
/// Garnet in this process, which only requires its NuGet package. It answers a command when the append-only file contains it.
/// </summary>
/// <param name="port">The loopback port to listen on.</param>
/// <param name="folder">The folder for its data.</param>
/// <param name="scripts">How it runs scripts.</param>
/// <param name="more">Additional arguments.</param>
internal sealed class GarnetInProcess(int port, DirectoryInfo folder, GarnetScripts scripts, IEnumerable<string> more) : IRedisRuntime
{
    /// <summary>Garnet blocks a thread of the pool for each command that waits for the append-only file. The pool would add new threads slowly.</summary>
    private const string MinThreads = "200";

    private GarnetServer? _server;

    public int? ProcessId => null;

    /// <summary>The arguments that require a password.</summary>
    public static IEnumerable<string> Protection(string? password) => password is null ? [] : ["--auth", "Password", "--password", password];

    public Task StartAsync(bool empty) => Task.Run(() =>
    {
        // The sizes are small because a test run has many servers. The page size of the append-only file must be twice that of the memory.
        string[] arguments =
        [
            "--port", $"{port}", "--bind", "127.0.0.1",
            .. scripts == GarnetScripts.Disabled ? [] : new[] { "--lua" },
            .. scripts == GarnetScripts.Atomic ? new[] { "--lua-transaction-mode" } : [],
            "--memory", "32m", "--page", "512k", "--index", "1m",
            "--checkpointdir", folder.FullName, "--device-type", "RandomAccess",
            "--aof", "--aof-commit-wait", "--aof-memory", "4m", "--aof-page-size", "1m", "--aof-segment-size", "4m",
            "--minthreads", MinThreads, "--commandstats-monitor", "--disable-console-logger", "-q",
            .. empty ? [] : new[] { "--recover" },
            .. more,
        ];
        _server = new GarnetServer(arguments);
        _server.Start();
    });

    public async Task KillAsync()
    {
        if (_server is null)
            return;

        // This ends its threads and its connections.
        await Task.Run(_server.Dispose);
        _server = null;
    }
}
