using System.Diagnostics.Metrics;
using ChatKit.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers <see cref="ChatClient"/>.</summary>
public static class ChatKitClientServiceCollectionExtensions
{
    /// <summary>
    /// Registers a <see cref="ChatClient"/> as a singleton, with the application's <see cref="ILoggerFactory"/>, <see cref="IMeterFactory"/> and
    /// <see cref="TimeProvider"/>. The application calls <see cref="ChatClient.ConnectAsync"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="address">The endpoint: an absolute address with the scheme http, https, ws, or wss.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddChatKitClient(
        this IServiceCollection services, Uri address, Action<IServiceProvider, ChatClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(address);
        services.TryAddSingleton(provider => Create(provider, address, configure));
        return services;
    }

    /// <summary>Registers a <see cref="ChatClient"/> as a keyed singleton, for applications that have several.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The key: use it with <see cref="FromKeyedServicesAttribute"/>.</param>
    /// <param name="address">The endpoint: an absolute address with the scheme http, https, ws, or wss.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddChatKitClient(
        this IServiceCollection services, string name, Uri address, Action<IServiceProvider, ChatClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(address);
        services.TryAddKeyedSingleton(name, (provider, _) => Create(provider, address, configure));
        return services;
    }

    private static ChatClient Create(IServiceProvider provider, Uri address, Action<IServiceProvider, ChatClientOptions>? configure)
    {
        var options = new ChatClientOptions
        {
            LoggerFactory = provider.GetService<ILoggerFactory>(),
            MeterFactory = provider.GetService<IMeterFactory>(),
            TimeProvider = provider.GetService<TimeProvider>() ?? TimeProvider.System,
        };
        configure?.Invoke(provider, options);
        return new ChatClient(address, options);
    }
}
