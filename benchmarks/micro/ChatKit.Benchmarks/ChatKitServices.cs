using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Benchmarks;

/// <summary>The ChatKit services of an application, without a host.</summary>
internal static class ChatKitServices
{
    public static ServiceProvider Create(string? redis = null, Action<ChatKitOptions>? configure = null)
    {
        var services = new ServiceCollection().AddLogging();
        var builder = services.AddChatKit(configure);
        if (redis is not null)
            builder.AddRedis(redis);
        return services.BuildServiceProvider();
    }
}
