using ChatKit.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

/// <summary>An application whose histories are in Redis, under a prefix of its own.</summary>
internal sealed class RedisHost : IAsyncDisposable
{
    private readonly IHost _host;

    private RedisHost(IHost host) => _host = host;

    public IMessageHistory History => _host.Services.GetRequiredService<IMessageHistory>();

    public IBackplane Backplane => _host.Services.GetRequiredService<IBackplane>();

    public FakeLogCollector Logs => _host.Services.GetFakeLogCollector();

    public IServiceProvider Services => _host.Services;

    public static string NewPrefix() => $"test-{Guid.NewGuid():n}:";

    public static Task<RedisHost> StartAsync(string configuration, ChatKitOptions? options = null, string? prefix = null) =>
        StartAsync(
            redis =>
            {
                redis.Configuration = configuration;
                redis.KeyPrefix = prefix ?? NewPrefix();
            },
            options);

    public static async Task<RedisHost> StartAsync(
        Action<RedisOptions> configure, ChatKitOptions? options = null, Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddFakeLogging();
        services?.Invoke(builder.Services);
        builder.Services.AddChatKit(Copy(options ?? new ChatKitOptions())).AddRedis(configure);
        var host = new RedisHost(builder.Build());
        await host._host.StartAsync().Soon();
        return host;
    }

    /// <summary>Waits until channels can be subscribed to. Their connection may stand later than that for commands, and what is published until then is not heard.</summary>
    public Task CanSubscribeAsync() => Patience.UntilAsync(
        async () =>
        {
            try
            {
                return (await Services.GetRequiredService<RedisConnection>().GetSubscriberAsync()).IsConnected();
            }
            catch (RedisException)
            {
                return false;
            }
        },
        "channels can be subscribed to");

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }

    private static Action<ChatKitOptions> Copy(ChatKitOptions from) => to =>
    {
        to.HistoryCapacity = from.HistoryCapacity;
        to.RoomTimeToLive = from.RoomTimeToLive;
        to.RoomCheckInterval = from.RoomCheckInterval;
    };
}
