using ChatKit;
using ChatKit.Backplane;
using ChatKit.Health;
using ChatKit.History;
using ChatKit.Redis;
using ChatKit.Rooms.Presence;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Turns on Redis: rooms span all nodes that use the same server and prefix, and their histories outlive the nodes.</summary>
public static class ChatKitRedisBuilderExtensions
{
    /// <summary>
    /// Keeps the histories of the rooms in Redis, and carries their messages between the nodes: a broadcast on one reaches the members on
    /// all, everybody in the same order. The application starts also while Redis is away; until it is back, a broadcast throws
    /// <see cref="HistoryUnavailableException"/> and reaches nobody. Then everything goes on by itself.
    /// </summary>
    /// <remarks>
    /// A single server, a primary that Sentinel watches (<c>sentinel:26379,serviceName=name</c>), or a cluster, whose sharded publishing
    /// (Redis 7) is then used. Garnet must run with <c>--lua --lua-transaction-mode</c>, and is refused otherwise. An <see cref="IMessageHistory"/> or an <see cref="IBackplane"/> that the application registers itself, before or
    /// after this call, takes the place of the one in Redis: so messages can be stored in a database and carried between the nodes by Redis.
    /// </remarks>
    /// <param name="builder">What <c>AddChatKit()</c> has returned.</param>
    /// <param name="configuration">The StackExchange.Redis configuration string, such as <c>localhost:6379</c>.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder, string configuration)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(configuration);
        return builder.AddRedis(options => options.Configuration = configuration);
    }

    /// <summary>Makes the rooms common to all nodes through Redis, and keeps their histories there.</summary>
    /// <param name="builder">What <c>AddChatKit()</c> has returned.</param>
    /// <param name="options">The options; they are validated when the application starts.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder, RedisOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return builder.AddRedis(to => (to.Configuration, to.KeyPrefix) = (options.Configuration, options.KeyPrefix));
    }

    /// <summary>Makes the rooms common to all nodes, and keeps their histories, through the application's own <c>IConnectionMultiplexer</c>.</summary>
    /// <param name="builder">What <c>AddChatKit()</c> has returned.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder) => builder.AddRedis(static _ => { });

    /// <summary>
    /// Makes the rooms common to all nodes through Redis, and keeps their histories there. Without a <see cref="RedisOptions.Configuration"/> the application's own
    /// <c>IConnectionMultiplexer</c> is used.
    /// </summary>
    /// <param name="builder">What <c>AddChatKit()</c> has returned.</param>
    /// <param name="configure">Changes the options; they are validated when the application starts.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder, Action<RedisOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var services = builder.Services;
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisOptions>, RedisOptionsValidator>());
        services.AddOptions<RedisOptions>().Configure(configure).ValidateOnStart();
        services.TryAddSingleton<RedisConnection>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RedisStartup>());
        services.TryAddSingleton<RedisRooms>();
        services.TryAddSingleton<RedisMessageHistory>();
        services.ReplaceDefault<IMessageHistory, InMemoryMessageHistory>(static services => services.GetRequiredService<RedisMessageHistory>());
        services.TryAddSingleton<RedisBackplane>();
        services.ReplaceDefault<IBackplane, InProcessBackplane>(static services => services.GetRequiredService<RedisBackplane>());
        services.Replace(ServiceDescriptor.Singleton<IPresenceStore, RedisPresenceStore>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHealthProbe, RedisHealth>());
        return builder;
    }

    /// <summary>Replaces what <c>AddChatKit()</c> has registered. What the application has registered itself stays, before and after.</summary>
    private static void ReplaceDefault<TService, TDefault>(this IServiceCollection services, Func<IServiceProvider, TService> create)
        where TService : class
    {
        var known = services.FirstOrDefault(static service =>
            service.ServiceType == typeof(TService) && service.ImplementationType == typeof(TDefault));
        if (known is not null)
            services.Remove(known);
        services.TryAddSingleton(create);
    }
}
