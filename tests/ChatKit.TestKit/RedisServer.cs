using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ChatKit.TestKit.Redis;
using Xunit;

namespace ChatKit.TestKit;

/// <summary>
/// A server on a free port that a test can kill and start again without losing its data. It is redis-server if that is installed, and
/// otherwise Garnet in this process. A test that needs what only redis-server can do is skipped if it is not installed.
/// </summary>
public sealed class RedisServer : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("chatkit-redis-");
    private IRedisRuntime? _runtime;

    /// <summary>More command-line options of redis-server, which require it; or of Garnet, if <see cref="Garnet"/> is set.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Forces Garnet, and sets how it runs scripts; null for redis-server, or Garnet if that is not installed.</summary>
    public GarnetScripts? Garnet { get; init; }

    /// <summary>The password; null for none.</summary>
    public string? Password { get; init; }

    /// <summary>
    /// The server that this one monitors as a Sentinel, under the name <see cref="SentinelService"/>, which requires redis-server; null if
    /// this server stores data.
    /// </summary>
    public RedisServer? Sentinel { get; init; }

    public const string SentinelService = "chat";

    public int Port { get; init; } = FreePort();

    /// <summary>The address of the server, as <c>host:port</c>.</summary>
    public string Endpoint
    {
        get
        {
            Requirement.Redis();
            return $"127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}";
        }
    }

    /// <summary>
    /// The configuration string of a client, which waits as long as a test does: Garnet in this process can need more than the usual 5 s on a
    /// busy machine. A time-out that follows in the string replaces this one.
    /// </summary>
    public string Configuration => string.Create(CultureInfo.InvariantCulture, $"{Endpoint},asyncTimeout={Patience.Limit.TotalMilliseconds}");

    /// <summary>The server's process, for signals; null if it is not running, or if Garnet runs in this process.</summary>
    public int? ProcessId => _runtime?.ProcessId;

    public async ValueTask InitializeAsync() => await StartAsync();

    /// <summary>Starts the server and waits until it accepts commands.</summary>
    public Task StartAsync() => Runtime().StartAsync(empty: false);

    /// <summary>Starts the server without its previous data and waits until it accepts commands.</summary>
    public Task StartEmptyAsync() => Runtime().StartAsync(empty: true);

    /// <summary>Kills the server, as a crash would.</summary>
    public Task KillAsync() => _runtime?.KillAsync() ?? Task.CompletedTask;

    /// <summary>Saves the current data. Returns the argument for <see cref="RestoreAsync"/>.</summary>
    public DirectoryInfo Save()
    {
        var copy = Directory.CreateTempSubdirectory("chatkit-redis-saved-");
        Copy(_folder, copy);
        return copy;
    }

    /// <summary>Kills the server and starts it again with earlier data, as after a restart or a failover that loses the latest writes.</summary>
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

    /// <summary>Returns a port on which nothing listens.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>
    /// Sends a command that only redis-server supports. Returns the answer: the content of a bulk string, or the line, such as <c>+OK</c>.
    /// </summary>
    /// <exception cref="IOException">The server is unavailable.</exception>
    public Task<string> CallAsync(string command)
    {
        Requirement.RedisServer();
        return RedisLine.CallAsync(Port, command);
    }

    /// <summary>Sends a command that Garnet can support as well. Returns the answer; null if the server is unavailable.</summary>
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
