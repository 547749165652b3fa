using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
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

    /// <summary>More options of the command line, and others in place of those that a server has here unless they say so.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>The server that this one watches as a Sentinel, under the name <see cref="SentinelService"/>; null = it stores data.</summary>
    public RedisServer? Sentinel { get; init; }

    public const string SentinelService = "chat";

    public int Port => _port;

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
    /// <param name="options">More options of the command line, for this time.</param>
    public async Task StartAsync(params string[] options)
    {
        var start = new ProcessStartInfo(Requirement.RedisServer()) { RedirectStandardOutput = true };
        string[] arguments = Sentinel is { } primary ? SentinelArguments(primary) :
        [
            "--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _folder.FullName,
            "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes",
        ];
        foreach (var argument in arguments.Concat(Options).Concat(options))
            start.ArgumentList.Add(argument);
        _process = ChildProcess.Start(start);
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

    /// <summary>Keeps the data as they are now. Returns what <see cref="RestoreAsync"/> takes.</summary>
    public DirectoryInfo Save()
    {
        var copy = Directory.CreateTempSubdirectory("chatkit-redis-saved-");
        Copy(_folder, copy);
        return copy;
    }

    /// <summary>Kills the server and starts it again with data of an earlier time: so a restart or a failover loses what came later.</summary>
    public async Task RestoreAsync(DirectoryInfo saved)
    {
        await KillAsync();
        foreach (var folder in _folder.GetDirectories())
            folder.Delete(recursive: true);
        Copy(saved, _folder);
        saved.Delete(recursive: true);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Delete(recursive: true);
    }

    private string[] SentinelArguments(RedisServer primary)
    {
        // A Sentinel writes what it finds out into its configuration file.
        var file = Path.Combine(_folder.FullName, "sentinel.conf");
        File.WriteAllLines(
            file,
            [
                $"port {_port}", "bind 127.0.0.1", $"dir {_folder.FullName}",
                $"sentinel monitor {SentinelService} 127.0.0.1 {primary.Port} 1",
                $"sentinel down-after-milliseconds {SentinelService} 1000",
                $"sentinel failover-timeout {SentinelService} 3000",
            ]);
        return [file, "--sentinel"];
    }

    private static void Copy(DirectoryInfo from, DirectoryInfo to)
    {
        foreach (var file in from.GetFiles())
            file.CopyTo(Path.Combine(to.FullName, file.Name), overwrite: true);
        foreach (var folder in from.GetDirectories())
            Copy(folder, to.CreateSubdirectory(folder.Name));
    }

    /// <summary>A port on which nothing listens.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Sends a command, and returns what the server answers: a bulk as it is, else the line, <c>+PONG</c> for example.</summary>
    /// <exception cref="IOException">The server is not there.</exception>
    public async Task<string> CallAsync(string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"));
        using var reader = new StreamReader(stream);
        var line = await reader.ReadLineAsync() ?? throw new EndOfStreamException();
        if (!line.StartsWith('$'))
            return line;
        var bulk = new char[int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture)];
        await reader.ReadBlockAsync(bulk);
        return new string(bulk);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return await CallAsync("PING") == "+PONG";
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
