using Garnet;

namespace ChatKit.TestKit.Redis;

/// <summary>
/// Garnet in this process, which needs nothing but its NuGet package. It runs scripts as transactions, as ChatKit requires, and answers a
/// command when its append-only file has it.
/// </summary>
/// <param name="port">Where it listens, on the loopback.</param>
/// <param name="folder">Where its data are.</param>
/// <param name="password">What clients must know; null for nothing.</param>
internal sealed class GarnetInProcess(int port, DirectoryInfo folder, string? password) : IRedisRuntime
{
    private GarnetServer? _server;

    public int? ProcessId => null;

    public Task StartAsync(bool empty) => Task.Run(() =>
    {
        // The sizes are small because a test run has many servers. The page size of the append-only file must be twice that of the memory.
        string[] arguments =
        [
            "--port", $"{port}", "--bind", "127.0.0.1", "--lua", "--lua-transaction-mode",
            "--memory", "32m", "--page", "512k", "--index", "1m",
            "--checkpointdir", folder.FullName, "--device-type", "RandomAccess",
            "--aof", "--aof-commit-wait", "--aof-memory", "4m", "--aof-page-size", "1m", "--aof-segment-size", "4m",
            "--commandstats-monitor", "--disable-console-logger", "-q",
            .. empty ? [] : new[] { "--recover" },
            .. password is null ? [] : new[] { "--auth", "Password", "--password", password },
        ];
        _server = new GarnetServer(arguments);
        _server.Start();
    });

    public async Task KillAsync()
    {
        if (_server is null)
            return;

        // It ends its threads, and the connections that it has.
        await Task.Run(_server.Dispose);
        _server = null;
    }
}
