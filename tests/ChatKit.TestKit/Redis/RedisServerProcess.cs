using System.Diagnostics;
using System.Net.Sockets;

namespace ChatKit.TestKit.Redis;

/// <summary>A redis-server in a separate process.</summary>
/// <param name="port">The loopback port to listen on.</param>
/// <param name="arguments">The command line.</param>
internal sealed class RedisServerProcess(int port, IReadOnlyList<string> arguments) : IRedisRuntime
{
    private Process? _process;

    public int? ProcessId => _process?.Id;

    /// <summary>The command line of a server that stores data, with an append-only file that is synced on every write.</summary>
    public static IReadOnlyList<string> Storing(int port, DirectoryInfo folder, string? password) =>
    [
        "--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder.FullName,
        "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes",
        .. password is null ? [] : new[] { "--requirepass", password },
    ];

    /// <summary>The command line of a Sentinel that monitors a server under a name.</summary>
    public static IReadOnlyList<string> Watching(int port, DirectoryInfo folder, int primary, string name)
    {
        // A Sentinel writes its state to its configuration file.
        var file = Path.Combine(folder.FullName, "sentinel.conf");
        File.WriteAllLines(
            file,
            [
                $"port {port}", "bind 127.0.0.1", $"dir {folder.FullName}",
                $"sentinel monitor {name} 127.0.0.1 {primary} 1",
                $"sentinel down-after-milliseconds {name} 1000",
                $"sentinel failover-timeout {name} 3000",
            ]);
        return [file, "--sentinel"];
    }

    public async Task StartAsync(bool empty)
    {
        string[] all = [.. arguments, .. empty ? new[] { "--appendonly", "no" } : []];
        _process = ChildProcess.Start(new ProcessStartInfo(Requirement.RedisServer(), all) { RedirectStandardOutput = true });
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        await Patience.UntilAsync(AnswersAsync, "redis-server answers");
    }

    public async Task KillAsync()
    {
        if (_process is null)
            return;

        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _process = null;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return await RedisLine.CallAsync(port, "PING") is "+PONG" or ['-', 'N', 'O', 'A', 'U', 'T', 'H', ..];
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return false;
        }
    }
}
