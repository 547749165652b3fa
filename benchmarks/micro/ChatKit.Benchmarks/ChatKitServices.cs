using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Benchmarks;

/// <summary>The ChatKit services of an application, without a host.</summary>
internal static class ChatKitServices
{
    /// <param name="redis">The address of a Redis server; null for the services in memory.</param>
    /// <param name="sharedFrom">The number of members from which several processors share a turn. Default: they never do.</param>
    public static ServiceProvider Create(string? redis = null, int sharedFrom = int.MaxValue)
    {
        var services = new ServiceCollection().AddLogging();
        var builder = services.AddChatKit(options => options.SharedFanOutFrom = sharedFrom);
        if (redis is not null)
            builder.AddRedis(redis);
        return services.BuildServiceProvider();
    }
}
