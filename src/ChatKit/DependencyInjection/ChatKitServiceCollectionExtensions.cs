using ChatKit;
using ChatKit.Backplane;
using ChatKit.Connections;
using ChatKit.Connections.Messages;
using ChatKit.DependencyInjection;
using ChatKit.Diagnostics;
using ChatKit.Health;
using ChatKit.History;
using ChatKit.Rooms;
using ChatKit.Rooms.Presence;
using ChatKit.Rooms.Reads;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Extension methods that register ChatKit's services.</summary>
public static class ChatKitServiceCollectionExtensions
{
    /// <summary>Adds ChatKit's services, with in-memory histories. A second call adds only its configuration.</summary>
    /// <param name="services">The application's service collection.</param>
    /// <param name="configure">Configures the options, which are validated when the application starts.</param>
    /// <returns>A builder for more ChatKit services.</returns>
    public static IChatKitBuilder AddChatKit(this IServiceCollection services, Action<ChatKitOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        AddOptions(services, configure);
        AddHistory(services);
        AddBackplane(services);
        AddRooms(services);
        AddConnections(services);
        services.TryAddSingleton<ChatKitHealthCheck>();
        return new ChatKitBuilder(services);
    }

    private static void AddOptions(IServiceCollection services, Action<ChatKitOptions>? configure)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ChatKitMetrics>();
        services.TryAddSingleton<ChatKitTracing>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ChatKitOptions>, ChatKitOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ChatKitOptions>>(new RegistrationValidator(services)));
        var options = services.AddOptions<ChatKitOptions>().ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
    }

    private static void AddHistory(IServiceCollection services) =>
        services.TryAddSingleton<IMessageHistory, InMemoryMessageHistory>();

    private static void AddBackplane(IServiceCollection services) =>
        services.TryAddSingleton<IBackplane, InProcessBackplane>();

    private static void AddRooms(IServiceCollection services)
    {
        services.TryAddSingleton<IPresenceStore, InProcessPresenceStore>();
        services.TryAddSingleton<IRoomPresence>(static provider => provider.GetRequiredService<IPresenceStore>());
        services.TryAddSingleton<PresenceTracker>();
        services.TryAddSingleton<IReadStore, InProcessReadStore>();
        services.TryAddSingleton<ReadCursors>();
        services.TryAddSingleton<IRoomReads, RoomReads>();
        services.TryAddSingleton<DisconnectLog>();
        services.TryAddSingleton<RoomRegistry>();
        services.TryAddSingleton<Publisher>();
        services.TryAddSingleton<UserRooms>();
        services.TryAddSingleton<OtherNodes>();
        services.TryAddSingleton<IRoomBroadcaster, RoomBroadcaster>();
    }

    private static void AddConnections(IServiceCollection services)
    {
        services.TryAddSingleton<ConnectionRegistry>();
        services.TryAddSingleton<ConnectionServices>();
        services.TryAddSingleton<INodeInspector, NodeInspector>();
        services.TryAddSingleton<PostOffice>();
        services.TryAddSingleton<WebSocketHandlerRunner, ConnectionHost>();
        services.AddHostedService<ConnectionDrain>();
    }
}
