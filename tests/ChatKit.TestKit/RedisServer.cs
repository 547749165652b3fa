using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace ChatKit.TestKit;

/// <summary>
/// A real redis-server on a free port, that a test can kill and start again; its data survive in an append-only file. Where
/// redis-server is not installed the fixture does nothing, and <see cref="Endpoint"/> skips the test that asks for it.
/// </summary>
public sealed class RedisServer : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chatkit-redis-");
    private readonly int _port = FreePort();
    private Process? _process;

    /// <summary>Where the server is, as <c>host:port</c>.</summary>
    public string Endpoint
    {
        get
        {
            Requirement.RedisServer();
            return $"127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}";
        }
    }

    /// <summary>The server's process, for signals; null while it does not run.</summary>
    public int? ProcessId => _process?.Id;

    public async ValueTask InitializeAsync()
    {
        if (Requirement.RedisServerIfInstalled is not null)
            await StartAsync();
    }

    /// <summary>Starts the server, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Requirement.RedisServer()) { RedirectStandardOutput = true };
        string[] arguments =
        [
            "--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _folder.FullName,
            "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes",
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        await Patience.UntilAsync(AnswersAsync, "redis-server answers");
    }

    /// <summary>Ends the server without warning, as a crash would.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;

        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>A port on which nothing listens.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _port);
            var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[7];
            await stream.ReadExactlyAsync(answer);
            return answer.AsSpan().SequenceEqual("+PONG\r\n"u8);
        }
        catch (IOException)
        {
            return false;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
