using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ChatKit.TestKit.Redis;
using Xunit;

namespace ChatKit.TestKit;

/// <summary>
/// A server on a free port that a test can kill and start again; its data survive. It is redis-server where that is installed, and
/// Garnet in this process where it is not. What only redis-server can do skips the test where it is not installed.
/// </summary>
public sealed class RedisServer : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chatkit-redis-");
    private IRedisRuntime? _runtime;

    /// <summary>More options of redis-server's command line, which need redis-server; or of Garnet's, if <see cref="Garnet"/> is set.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Garnet, wherever the test runs, and how it runs scripts; null = redis-server, and Garnet only where that is missing.</summary>
    public GarnetScripts? Garnet { get; init; }

    /// <summary>What clients must know; null for nothing.</summary>
    public string? Password { get; init; }

    /// <summary>
    /// The server that this one watches as a Sentinel, under the name <see cref="SentinelService"/>, which needs redis-server; null = it
    /// stores data.
    /// </summary>
    public RedisServer? Sentinel { get; init; }

    public const string SentinelService = "chat";

    public int Port { get; init; } = FreePort();

    /// <summary>Where the server is, as <c>host:port</c>.</summary>
    public string Endpoint
    {
        get
        {
            Requirement.Redis();
            return $"127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}";
        }
    }

    /// <summary>The server's process, for signals; null while it does not run, and where Garnet runs in this process.</summary>
    public int? ProcessId => _runtime?.ProcessId;

    public async ValueTask InitializeAsync() => await StartAsync();

    /// <summary>Starts the server, and waits until it takes commands.</summary>
    public Task StartAsync() => Runtime().StartAsync(empty: false);

    /// <summary>Starts the server without the data that it had, and waits until it takes commands.</summary>
    public Task StartEmptyAsync() => Runtime().StartAsync(empty: true);

    /// <summary>Ends the server without warning, as a crash would.</summary>
    public Task KillAsync() => _runtime?.KillAsync() ?? Task.CompletedTask;

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
        if (_runtime is not null)
            await _runtime.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>A port on which nothing listens.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>
    /// Sends a command that only redis-server knows, and returns the answer: the content of a bulk string, or the line, such as <c>+OK</c>.
    /// </summary>
    /// <exception cref="IOException">The server is not there.</exception>
    public Task<string> CallAsync(string command)
    {
        Requirement.RedisServer();
        return RedisLine.CallAsync(Port, command);
    }

    /// <summary>Sends a command that Garnet may know as well, and returns the answer; null if the server is not there.</summary>
    public async Task<string?> TryCallAsync(string command)
    {
        try
        {
            return await RedisLine.CallAsync(Port, command);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return null;
        }
    }

    private static void Copy(DirectoryInfo from, DirectoryInfo to)
    {
        foreach (var file in from.GetFiles())
            file.CopyTo(Path.Combine(to.FullName, file.Name), overwrite: true);
        foreach (var folder in from.GetDirectories())
            Copy(folder, to.CreateSubdirectory(folder.Name));
    }

    private IRedisRuntime Runtime() => _runtime ??= this switch
    {
        { Sentinel: { } primary } => new RedisServerProcess(Port, RedisServerProcess.Watching(Port, _folder, primary.Port, SentinelService)),
        { Garnet: { } scripts } => new GarnetInProcess(Port, _folder, scripts, [.. GarnetInProcess.Protection(Password), .. Options]),
        { Options.Count: 0 } when Requirement.RedisServerIfInstalled is null =>
            new GarnetInProcess(Port, _folder, GarnetScripts.Atomic, GarnetInProcess.Protection(Password)),
        _ => new RedisServerProcess(Port, [.. RedisServerProcess.Storing(Port, _folder, Password), .. Options]),
    };
}
