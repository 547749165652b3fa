using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ChatKit.Testing.Hosting;

/// <summary>Builds the host of a node: the application's services, with rooms that the nodes of the test share.</summary>
internal static class NodeHost
{
    private const string Inner = "ChatKit.Testing";

    /// <param name="configure">Registers the application's services.</param>
    /// <param name="store">What the nodes share.</param>
    /// <param name="faults">What is to go wrong on this node.</param>
    /// <param name="log">Keeps the node's warnings.</param>
    /// <returns>The host, and whether it shares its rooms: not if the application has registered a backplane of its own.</returns>
    public static (IHost Host, bool SharesRooms) Build(
        Action<IServiceCollection> configure, SharedStore store, NodeFaults faults, WarningLog log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.ConfigureContainer(new DefaultServiceProviderFactory(new ServiceProviderOptions { ValidateScopes = true }));
        configure(builder.Services);
        builder.Services.AddChatKit();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Logging.AddProvider(log);
        var sharesRooms = IsDefault(Last<IBackplane>(builder.Services));
        if (sharesRooms)
            ShareRooms(builder.Services, store, faults);
        return (builder.Build(), sharesRooms);
    }

    private static void ShareRooms(IServiceCollection services, SharedStore store, NodeFaults faults)
    {
        services.AddSingleton<IBackplane>(provider =>
            new NodeBackplane(store.Bus, faults, provider.GetRequiredService<IMessageHistory>()));
        var history = Last<IMessageHistory>(services);
        if (history.Lifetime != ServiceLifetime.Singleton)
            return; // ChatKit refuses it when the host starts.

        var isDefault = IsDefault(history);
        services.Add(Keyed(history));
        services.AddSingleton<IMessageHistory>(provider => new SwitchedHistory(store, isDefault
            ? store.History ??= provider.GetRequiredKeyedService<IMessageHistory>(Inner)
            : provider.GetRequiredKeyedService<IMessageHistory>(Inner)));
    }

    private static ServiceDescriptor Last<TService>(IServiceCollection services) =>
        services.Last(static service => service.ServiceType == typeof(TService) && !service.IsKeyedService);

    /// <summary>Whether a service is the one of <c>AddChatKit()</c>. <c>AddRedis</c> and applications register others.</summary>
    private static bool IsDefault(ServiceDescriptor service) => service.ImplementationType?.Assembly == typeof(IMessageHistory).Assembly;

    /// <summary>The same service with a key, so that the container still creates it and disposes of it.</summary>
    private static ServiceDescriptor Keyed(ServiceDescriptor service)
    {
        if (service.ImplementationInstance is { } instance)
            return new ServiceDescriptor(service.ServiceType, Inner, instance);
        return service.ImplementationFactory is { } create
            ? new ServiceDescriptor(service.ServiceType, Inner, (provider, _) => create(provider), service.Lifetime)
            : new ServiceDescriptor(service.ServiceType, Inner, service.ImplementationType!, service.Lifetime);
    }
}
