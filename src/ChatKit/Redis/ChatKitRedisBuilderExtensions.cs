using ChatKit;
using ChatKit.Backplane;
using ChatKit.Health;
using ChatKit.History;
using ChatKit.Redis;
using ChatKit.Rooms.Presence;
using ChatKit.Rooms.Reads;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Extension methods that add Redis. Rooms then span all nodes that use the same server and prefix, and their histories outlive the nodes.
/// </summary>
public static class ChatKitRedisBuilderExtensions
{
    /// <summary>
    /// Stores the rooms' histories in Redis, and carries their messages between the nodes. A broadcast on one node reaches the members on
    /// all nodes, in the same order for everyone. The application also starts while Redis is unavailable. Until Redis is available again, a
    /// broadcast throws <see cref="HistoryUnavailableException"/> and isn't delivered. ChatKit recovers by itself.
    /// </summary>
    /// <remarks>
    /// Redis can be a single server, a primary that Sentinel monitors (<c>sentinel:26379,serviceName=name</c>), or a cluster, for which
    /// ChatKit uses sharded publishing (Redis 7). Garnet must run with <c>--lua --lua-transaction-mode</c>; otherwise it is refused. If the
    /// application registers its own <see cref="IMessageHistory"/> or <see cref="IBackplane"/>, before or after this call, it replaces the
    /// one in Redis. For example, messages can be stored in a database while Redis carries them between the nodes.
    /// </remarks>
    /// <param name="builder">The builder that <c>AddChatKit()</c> returns.</param>
    /// <param name="configuration">The StackExchange.Redis configuration string, such as <c>localhost:6379</c>.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder, string configuration)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(configuration);
        return builder.AddRedis(options => options.Configuration = configuration);
    }

    /// <summary>Shares the rooms between all nodes through Redis, and stores their histories there.</summary>
    /// <param name="builder">The builder that <c>AddChatKit()</c> returns.</param>
    /// <param name="options">The options, which are validated when the application starts.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder, RedisOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return builder.AddRedis(to => (to.Configuration, to.KeyPrefix) = (options.Configuration, options.KeyPrefix));
    }

    /// <summary>
    /// Shares the rooms between all nodes, and stores their histories, through the application's own <c>IConnectionMultiplexer</c>.
    /// </summary>
    /// <param name="builder">The builder that <c>AddChatKit()</c> returns.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder) => builder.AddRedis(static _ => { });

    /// <summary>
    /// Shares the rooms between all nodes through Redis, and stores their histories there. Without a
    /// <see cref="RedisOptions.Configuration"/>, the application's own <c>IConnectionMultiplexer</c> is used.
    /// </summary>
    /// <param name="builder">The builder that <c>AddChatKit()</c> returns.</param>
    /// <param name="configure">Configures the options, which are validated when the application starts.</param>
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
        services.Replace(ServiceDescriptor.Singleton<IReadStore, RedisReadStore>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHealthProbe, RedisHealth>());
        return builder;
    }

    /// <summary>
    /// Replaces the default service of <c>AddChatKit()</c>. A service that the application registers itself, before or after, is kept.
    /// </summary>
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
