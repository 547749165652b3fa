using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>
/// The shared connection to Redis: the application's own, or one created from the configuration string. It connects in the background,
/// reconnects by itself, and logs once when the server becomes unavailable and once when it is available again.
/// </summary>
internal sealed class RedisConnection(
    IOptions<RedisOptions> options, ILogger<RedisConnection> logger, IServiceProvider services) : IAsyncDisposable
{
    private static readonly Task<string?> NoProblem = Task.FromResult<string?>(null);

    private readonly RedisAvailability _availability = new(logger);
    private readonly Lock _gate = new();
    private Task<IConnectionMultiplexer>? _connecting;

    /// <summary>The check of the server; null before the first connection. Its result is the reason not to use the server, or null.</summary>
    private volatile Task<string?>? _checking;

    private string? _problem;
    private volatile bool _isCluster;
    private string _channelPrefix = "";
    private string _channelSuffix = "";

    /// <summary>Raised when messages may have been lost, because a connection was restored or the servers changed roles.</summary>
    public event Action? Restored;

    /// <summary>The command that publishes; in a cluster, only to the nodes that own the room's slot.</summary>
    public string PublishCommand => _isCluster ? "SPUBLISH" : "PUBLISH";

    /// <summary>Returns a channel for the client library. Call it only after connecting.</summary>
    public RedisChannel ChannelOf(string name)
    {
        name += _channelSuffix;
        return _isCluster ? RedisChannel.Sharded(name) : RedisChannel.Literal(name);
    }

    /// <summary>Returns the name of a channel for scripts, to which the client library adds nothing. Call it only after connecting.</summary>
    public string NameInScripts(string name) => _channelPrefix + name + _channelSuffix;

    /// <summary>Returns the database. Its commands fail immediately while the server is unavailable.</summary>
    /// <exception cref="RedisException">There is no connection, or the server can't be used.</exception>
    public async ValueTask<IDatabase> GetDatabaseAsync()
    {
        var multiplexer = await ConnectAsync().ConfigureAwait(false);
        if (!multiplexer.IsConnected)
            throw new RedisException($"there is no connection to Redis at {Server(multiplexer)}.");
        if (await (_checking ?? Check(multiplexer)).ConfigureAwait(false) is { } problem)
            throw new ScriptsNotAtomicException(problem);
        return multiplexer.GetDatabase();
    }

    /// <summary>Returns the subscriber.</summary>
    /// <exception cref="RedisException">There is no connection.</exception>
    public async ValueTask<ISubscriber> GetSubscriberAsync() =>
        (await GetDatabaseAsync().ConfigureAwait(false)).Multiplexer.GetSubscriber();

    /// <summary>Measures how long the primary, to which messages are written, takes to answer.</summary>
    /// <exception cref="RedisException">There is no connection, or the server doesn't answer.</exception>
    public async Task<TimeSpan> PingAsync() =>
        await (await GetDatabaseAsync().ConfigureAwait(false)).PingAsync(CommandFlags.DemandMaster).ConfigureAwait(false);

    /// <summary>Starts to connect. Completes when the first attempt has succeeded or failed; more attempts follow automatically.</summary>
    public Task<IConnectionMultiplexer> ConnectAsync()
    {
        lock (_gate)
        {
            if (_connecting is null or { IsFaulted: true })
                _connecting = CreateAsync();
            return _connecting;
        }
    }

    /// <summary>Converts a failure of Redis to the exception for the caller. Returns null for any other failure.</summary>
    public HistoryUnavailableException? UnavailableOf(Exception exception, string failure)
    {
        switch (exception)
        {
            case RedisTimeoutException:
                return new HistoryUnavailableException(
                    "Redis did not answer in time. It is not known whether it has run the command. A message that was stored is delivered "
                    + "when Redis answers again.",
                    exception);
            case ScriptsNotAtomicException:
                return new HistoryUnavailableException($"{failure}: {exception.Message}", exception);
            case RedisServerException or RedisCommandException:
                _availability.OnRefused(exception.Message);
                return new HistoryUnavailableException($"{failure}: Redis refused the command: {exception.Message}", exception);
            case RedisException or ObjectDisposedException:
                return new HistoryUnavailableException(
                    $"{failure}: {exception.Message} ChatKit reconnects automatically. Check that the server runs, and that AddRedis has "
                    + "its address.",
                    exception);
            default:
                return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The application disposes of its own connection.
        if (options.Value.Configuration is null || _connecting is not { } connecting)
            return;

        await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connecting.IsCompletedSuccessfully)
            await (await connecting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
    }

    private async Task<IConnectionMultiplexer> CreateAsync()
    {
        var multiplexer = options.Value.Configuration is { } configuration
            ? await ConnectAsync(Parse(configuration)).ConfigureAwait(false)
            : services.GetService<IConnectionMultiplexer>() ?? throw new InvalidOperationException(RedisOptionsValidator.NoServer);

        SetChannelNames(multiplexer);
        DetectCluster(multiplexer);
        multiplexer.ConnectionFailed += (_, e) => OnFailed(multiplexer, e);
        multiplexer.ConnectionRestored += (_, e) => OnRestored(multiplexer, e);
        multiplexer.ConfigurationChanged += (_, _) => OnChanged(multiplexer);
        if (!multiplexer.IsConnected)
        {
            _availability.OnUnavailable(Server(multiplexer), await ProblemAsync(multiplexer).ConfigureAwait(false));
        }
        else
        {
            _ = Check(multiplexer);
            _availability.OnAvailable(Server(multiplexer));
        }

        _ = WarnOfEvictionAsync(multiplexer);
        return multiplexer;
    }

    private async Task WarnOfEvictionAsync(IConnectionMultiplexer multiplexer)
    {
        if (await RedisEviction.PolicyAsync(multiplexer.GetDatabase()).ConfigureAwait(false) is { } policy)
            logger.RedisEvicts(Server(multiplexer), policy);
    }

    /// <summary>Checks the server, unless the check was already started.</summary>
    /// <param name="multiplexer">The connection.</param>
    /// <param name="again">Whether to check again, because the connection is new and may be to a different server.</param>
    private Task<string?> Check(IConnectionMultiplexer multiplexer, bool again = false)
    {
        lock (_gate)
        {
            if (again || _checking is null)
                _checking = ScriptAtomicity.IsInDoubt(multiplexer) ? Task.Run(() => CheckAsync(multiplexer)) : NoProblem;
            return _checking;
        }
    }

    private async Task<string?> CheckAsync(IConnectionMultiplexer multiplexer)
    {
        var server = Server(multiplexer);
        var problem = await IsAtomicAsync(multiplexer).ConfigureAwait(false)
            ? null
            : $"Garnet at {server} does not run scripts atomically, so different messages could get the same position. "
                + "Start it with --lua --lua-transaction-mode.";
        if (Interlocked.Exchange(ref _problem, problem) != problem && problem is not null)
            logger.ScriptsNotAtomic(server);
        return problem;
    }

    private async Task<bool> IsAtomicAsync(IConnectionMultiplexer multiplexer)
    {
        try
        {
            var configuration = Parse(options.Value.Configuration ?? multiplexer.Configuration);
            var second = await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
            await using (second.ConfigureAwait(false))
                return await ScriptAtomicity
                    .IsGivenAsync(multiplexer.GetDatabase(), second.GetDatabase(), options.Value.KeyPrefix).ConfigureAwait(false);
        }
        catch (Exception e) when (RedisFailure.IsCauseOf(e) || e is ArgumentException)
        {
            // The check isn't possible: the user has no permission, or there is no second connection. That's no reason to refuse it.
            return true;
        }
    }

    private async Task<IConnectionMultiplexer> ConnectAsync(ConfigurationOptions configuration)
    {
        try
        {
            return await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
        }
        catch (RedisException e)
        {
            // Without a Sentinel, the server's address isn't known and the client library doesn't reconnect. The next caller tries again.
            _availability.OnUnavailable(Server(configuration.EndPoints), e.Message);
            throw;
        }
    }

    private static ConfigurationOptions Parse(string configuration)
    {
        var parsed = ConfigurationOptions.Parse(configuration);

        // The application starts without Redis, and a message that can't be stored fails immediately.
        parsed.AbortOnConnectFail = false;
        parsed.BacklogPolicy = BacklogPolicy.FailFast;

        // The time between attempts, in milliseconds: short at first, and never too long for people to wait.
        parsed.ReconnectRetryPolicy = new ExponentialRetry(500, 5000);
        return parsed;
    }

    /// <summary>
    /// Determines the names of channels. The client library adds the configuration's channel prefix, but not in scripts. All databases of a
    /// server share their channels, unlike keys.
    /// </summary>
    private void SetChannelNames(IConnectionMultiplexer multiplexer)
    {
        _channelPrefix = (string?)ConfigurationOptions
            .Parse(options.Value.Configuration ?? multiplexer.Configuration, ignoreUnknown: true)
            .ChannelPrefix ?? "";
        var database = multiplexer.GetDatabase().Database;
        _channelSuffix = database > 0 ? $":{database.ToString(CultureInfo.InvariantCulture)}" : "";
    }

    /// <summary>Detects a cluster. The server's type is known after the first connection, and doesn't change.</summary>
    private void DetectCluster(IConnectionMultiplexer multiplexer) =>
        _isCluster = _isCluster || multiplexer.GetServers().Any(static server => server.ServerType == ServerType.Cluster);

    private void OnChanged(IConnectionMultiplexer multiplexer)
    {
        DetectCluster(multiplexer);
        Restored?.Invoke();
    }

    private void OnFailed(IConnectionMultiplexer multiplexer, ConnectionFailedEventArgs failure)
    {
        if (failure.ConnectionType == ConnectionType.Interactive && !multiplexer.IsConnected)
            _availability.OnUnavailable(Server(multiplexer), $"{failure.FailureType}: {failure.Exception?.Message}");
    }

    private void OnRestored(IConnectionMultiplexer multiplexer, ConnectionFailedEventArgs restored)
    {
        if (restored.ConnectionType == ConnectionType.Interactive)
        {
            _ = Check(multiplexer, again: true);
            _availability.OnAvailable(Server(multiplexer));
        }

        OnChanged(multiplexer);
    }

    /// <summary>Returns the server's address, without the secrets of a configuration string.</summary>
    private static string Server(IConnectionMultiplexer multiplexer) => Server(multiplexer.GetEndPoints(configuredOnly: true));

    private static string Server(IEnumerable<EndPoint> endpoints) =>
        string.Join(", ", endpoints.Select(
            static endpoint => endpoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endpoint.ToString()));

    /// <summary>Returns why there is no connection, such as a wrong password.</summary>
    private static async Task<string> ProblemAsync(IConnectionMultiplexer multiplexer)
    {
        try
        {
            await multiplexer.GetDatabase().PingAsync().ConfigureAwait(false);
            return "the connection was lost";
        }
        catch (RedisException e)
        {
            return e.Message;
        }
    }
}
