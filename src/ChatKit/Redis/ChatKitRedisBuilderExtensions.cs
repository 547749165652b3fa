using ChatKit;
using ChatKit.Redis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Turns on Redis.</summary>
public static class ChatKitRedisBuilderExtensions
{
    /// <summary>
    /// Keeps the histories of the rooms in Redis. The application starts also while Redis is away; until it is back, what would be
    /// stored throws <see cref="HistoryUnavailableException"/>.
    /// </summary>
    /// <param name="builder">What <c>AddChatKit()</c> has returned.</param>
    /// <param name="configuration">The StackExchange.Redis configuration string, such as <c>localhost:6379</c>.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder, string configuration)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(configuration);
        return builder.AddRedis(options => options.Configuration = configuration);
    }

    /// <summary>Keeps the histories of the rooms in Redis.</summary>
    /// <param name="builder">What <c>AddChatKit()</c> has returned.</param>
    /// <param name="options">The options; they are validated when the application starts.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder, RedisOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return builder.AddRedis(to => (to.Configuration, to.KeyPrefix) = (options.Configuration, options.KeyPrefix));
    }

    /// <summary>Keeps the histories of the rooms in Redis, through the application's own <c>IConnectionMultiplexer</c>.</summary>
    /// <param name="builder">What <c>AddChatKit()</c> has returned.</param>
    public static IChatKitBuilder AddRedis(this IChatKitBuilder builder) => builder.AddRedis(static _ => { });

    /// <summary>
    /// Keeps the histories of the rooms in Redis. Without a <see cref="RedisOptions.Configuration"/> the application's own
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
        services.Replace(ServiceDescriptor.Singleton<IMessageHistory, RedisMessageHistory>());
        return builder;
    }
}
