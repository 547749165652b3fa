using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ChatKit.Benchmarks.History;

/// <summary>A separate Redis on a free port, which writes nothing to disk.</summary>
internal sealed class RedisProcess : IDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private RedisProcess(Process process, string endpoint)
    {
        _process = process;
        Endpoint = endpoint;
    }

    /// <summary>The path of the server; null if it is not installed.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Select(static folder => Path.Combine(folder, "redis-server"))
        .FirstOrDefault(File.Exists);

    public string Endpoint { get; }

    /// <summary>Starts the server and waits until it accepts connections.</summary>
    public static async Task<RedisProcess> StartAsync()
    {
        var port = FreePort();
        var process = Process.Start(
            Program!, ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning"]);
        var server = new RedisProcess(process, $"127.0.0.1:{port}");
        var start = Stopwatch.GetTimestamp();
        while (!await AcceptsAsync(port))
        {
            if (Stopwatch.GetElapsedTime(start) > StartTimeout)
                throw new TimeoutException("redis-server did not start.");
            await Task.Delay(20);
        }

        return server;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
