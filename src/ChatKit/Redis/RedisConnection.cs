using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>
/// The one connection to Redis: the application's own, or one made from the configuration string. It is made in the background, comes
/// back by itself, and says once when the server is away and once when it is back.
/// </summary>
internal sealed class RedisConnection(
    IOptions<RedisOptions> options, ILogger<RedisConnection> logger, IServiceProvider services) : IAsyncDisposable
{
    private static readonly Task<string?> Unobjectionable = Task.FromResult<string?>(null);

    private readonly Lock _gate = new();
    private Task<IConnectionMultiplexer>? _connecting;

    /// <summary>Finds out why the server must not be used: null if nothing speaks against it. There is no such task before the first connection.</summary>
    private volatile Task<string?>? _checking;

    private string? _problem;
    private bool _away;
    private string? _refusal;
    private volatile bool _isCluster;
    private string _channelPrefix = "";
    private string _channelSuffix = "";

    /// <summary>Something may have been lost: a connection is back, or the servers have changed their roles.</summary>
    public event Action? Restored;

    /// <summary>The command that publishes; in a cluster only to the nodes that have the room.</summary>
    public string PublishCommand => _isCluster ? "SPUBLISH" : "PUBLISH";

    /// <summary>A channel as the client library knows it. To be called when there is a connection.</summary>
    public RedisChannel ChannelOf(string name)
    {
        name += _channelSuffix;
        return _isCluster ? RedisChannel.Sharded(name) : RedisChannel.Literal(name);
    }

    /// <summary>A channel as scripts name it, to which the client library adds nothing. To be called when there is a connection.</summary>
    public string NameInScripts(string name) => _channelPrefix + name + _channelSuffix;

    /// <summary>The database. Its commands fail at once while the server is away.</summary>
    /// <exception cref="RedisException">There is no connection, or the server must not be used.</exception>
    public async ValueTask<IDatabase> GetDatabaseAsync()
    {
        var multiplexer = await ConnectAsync().ConfigureAwait(false);
        if (!multiplexer.IsConnected)
            throw new RedisException($"there is no connection to Redis at {Server(multiplexer)}.");
        if (await (_checking ?? Check(multiplexer)).ConfigureAwait(false) is { } problem)
            throw new ScriptsNotAtomicException(problem);
        return multiplexer.GetDatabase();
    }

    /// <summary>What subscribes.</summary>
    /// <exception cref="RedisException">There is no connection.</exception>
    public async ValueTask<ISubscriber> GetSubscriberAsync() =>
        (await GetDatabaseAsync().ConfigureAwait(false)).Multiplexer.GetSubscriber();

    /// <summary>How long the primary, to which messages are written, takes to answer.</summary>
    /// <exception cref="RedisException">There is no connection, or it does not answer.</exception>
    public async Task<TimeSpan> PingAsync() =>
        await (await GetDatabaseAsync().ConfigureAwait(false)).PingAsync(CommandFlags.DemandMaster).ConfigureAwait(false);

    /// <summary>Begins to connect. Ends when the first try has succeeded or failed; further tries follow by themselves.</summary>
    public Task<IConnectionMultiplexer> ConnectAsync()
    {
        lock (_gate)
        {
            if (_connecting is null or { IsFaulted: true })
                _connecting = CreateAsync();
            return _connecting;
        }
    }

    /// <summary>Whether something has failed because of Redis, or of the way to it. The client library's exceptions have no common base.</summary>
    public static bool IsOfRedis(Exception exception) =>
        exception is RedisException or RedisTimeoutException or RedisCommandException or ObjectDisposedException;

    /// <summary>What a failure of Redis is to the caller; null if it is another failure.</summary>
    public HistoryUnavailableException? UnavailableOf(Exception exception, string failure)
    {
        switch (exception)
        {
            case RedisTimeoutException:
                return new HistoryUnavailableException(
                    "Redis did not answer in time. Whether it has run the command is not known; a message that was stored reaches everybody "
                    + "as soon as Redis answers again.",
                    exception);
            case ScriptsNotAtomicException:
                return new HistoryUnavailableException($"{failure}: {exception.Message}", exception);
            case RedisServerException or RedisCommandException:
                Refused(exception.Message);
                return new HistoryUnavailableException($"{failure}: Redis refused: {exception.Message}", exception);
            case RedisException or ObjectDisposedException:
                return new HistoryUnavailableException(
                    $"{failure}: {exception.Message} It reconnects by itself; check that the server runs, and that AddRedis names it.",
                    exception);
            default:
                return null;
        }
    }

    /// <summary>Says that the server answers but refuses, once for each reason in a row: it may do so for every message.</summary>
    private void Refused(string problem)
    {
        if (Interlocked.Exchange(ref _refusal, problem) != problem)
            logger.RedisRefuses(problem);
    }

    public async ValueTask DisposeAsync()
    {
        // The application disposes of its own.
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

        NameChannels(multiplexer);
        LookForCluster(multiplexer);
        multiplexer.ConnectionFailed += (_, e) => OnFailed(multiplexer, e);
        multiplexer.ConnectionRestored += (_, e) => OnRestored(multiplexer, e);
        multiplexer.ConfigurationChanged += (_, _) => OnChanged(multiplexer);
        if (!multiplexer.IsConnected)
        {
            OnAway(Server(multiplexer), await ProblemAsync(multiplexer).ConfigureAwait(false));
        }
        else
        {
            _ = Check(multiplexer);
            if (IsBack())
                logger.RedisBack(Server(multiplexer));
        }

        _ = WarnOfEvictionAsync(multiplexer);
        return multiplexer;
    }

    private async Task WarnOfEvictionAsync(IConnectionMultiplexer multiplexer)
    {
        if (await RedisEviction.PolicyAsync(multiplexer.GetDatabase()).ConfigureAwait(false) is { } policy)
            logger.RedisEvicts(Server(multiplexer), policy);
    }

    /// <summary>Checks the server, unless that was done or has begun.</summary>
    /// <param name="multiplexer">The connection.</param>
    /// <param name="again">Whether the connection is new, so that it may be to another server than before.</param>
    private Task<string?> Check(IConnectionMultiplexer multiplexer, bool again = false)
    {
        lock (_gate)
        {
            if (again || _checking is null)
                _checking = ScriptAtomicity.IsInDoubt(multiplexer) ? Task.Run(() => CheckAsync(multiplexer)) : Unobjectionable;
            return _checking;
        }
    }

    private async Task<string?> CheckAsync(IConnectionMultiplexer multiplexer)
    {
        var server = Server(multiplexer);
        var problem = await IsAtomicAsync(multiplexer).ConfigureAwait(false)
            ? null
            : $"Garnet at {server} does not run scripts atomically, so messages could get the same position. "
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
                return await ScriptAtomicity.IsGivenAsync(multiplexer.GetDatabase(), second.GetDatabase(), options.Value.KeyPrefix).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfRedis(e) || e is ArgumentException)
        {
            // It cannot be found out: the user may not do this, or there is no second connection. That is no reason to refuse the server.
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
            // Without a Sentinel it is not known where the server is: nothing reconnects by itself, and whoever asks next tries again.
            OnAway(Server(configuration.EndPoints), e.Message);
            throw;
        }
    }

    private static ConfigurationOptions Parse(string configuration)
    {
        var parsed = ConfigurationOptions.Parse(configuration);

        // The application starts without Redis, and what cannot be stored is told to its sender at once.
        parsed.AbortOnConnectFail = false;
        parsed.BacklogPolicy = BacklogPolicy.FailFast;

        // Between tries, in milliseconds: soon at first, and never so late that people wonder.
        parsed.ReconnectRetryPolicy = new ExponentialRetry(500, 5000);
        return parsed;
    }

    /// <summary>
    /// A channel prefix of the configuration string applies to what the client library publishes, and not to scripts. And channels
    /// are common to all databases of a server, unlike keys.
    /// </summary>
    private void NameChannels(IConnectionMultiplexer multiplexer)
    {
        _channelPrefix = (string?)ConfigurationOptions
            .Parse(options.Value.Configuration ?? multiplexer.Configuration, ignoreUnknown: true)
            .ChannelPrefix ?? "";
        var database = multiplexer.GetDatabase().Database;
        _channelSuffix = database > 0 ? $":{database.ToString(CultureInfo.InvariantCulture)}" : "";
    }

    /// <summary>What kind of server it is, is known as soon as there has been a connection, and stays so.</summary>
    private void LookForCluster(IConnectionMultiplexer multiplexer) =>
        _isCluster = _isCluster || multiplexer.GetServers().Any(static server => server.ServerType == ServerType.Cluster);

    private void OnChanged(IConnectionMultiplexer multiplexer)
    {
        LookForCluster(multiplexer);
        Restored?.Invoke();
    }

    private void OnFailed(IConnectionMultiplexer multiplexer, ConnectionFailedEventArgs failure)
    {
        if (failure.ConnectionType == ConnectionType.Interactive && !multiplexer.IsConnected)
            OnAway(Server(multiplexer), $"{failure.FailureType}: {failure.Exception?.Message}");
    }

    private void OnAway(string server, string problem)
    {
        lock (_gate)
        {
            if (_away)
                return;
            _away = true;
        }

        logger.RedisAway(server, problem);
    }

    private void OnRestored(IConnectionMultiplexer multiplexer, ConnectionFailedEventArgs restored)
    {
        if (restored.ConnectionType == ConnectionType.Interactive)
        {
            _ = Check(multiplexer, again: true);
            if (IsBack())
                logger.RedisBack(Server(multiplexer));
        }

        OnChanged(multiplexer);
    }

    /// <summary>True if it was away.</summary>
    private bool IsBack()
    {
        lock (_gate)
        {
            if (!_away)
                return false;
            _away = false;
            _refusal = null;
            return true;
        }
    }

    /// <summary>Where the server is, without the secrets of a configuration string.</summary>
    private static string Server(IConnectionMultiplexer multiplexer) => Server(multiplexer.GetEndPoints(configuredOnly: true));

    private static string Server(IEnumerable<EndPoint> endpoints) =>
        string.Join(", ", endpoints.Select(
            static endpoint => endpoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endpoint.ToString()));

    /// <summary>Why there is no connection, such as a wrong password.</summary>
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
