using ChatKit;
using ChatKit.Monitor;
using ChatKit.Monitor.Endpoints;
using ChatKit.Monitor.Nodes;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Extension methods that add the operators' page.</summary>
public static class ChatKitMonitorBuilderExtensions
{
    private const string NoName = $"{nameof(MonitorOptions)}.{nameof(MonitorOptions.NodeName)} must not be empty. Leave it unset to use the name "
        + "of the machine.";

    /// <summary>
    /// Lets this node report its rooms and connections to the operators' page, which <c>MapChatKitMonitor</c> maps on this node or on another one
    /// that shares the <see cref="IBackplane"/>. A node reports only while somebody looks at the page.
    /// </summary>
    /// <param name="builder">The builder that <c>AddChatKit()</c> returns.</param>
    /// <param name="configure">Configures the options.</param>
    public static IChatKitBuilder AddMonitor(this IChatKitBuilder builder, Action<MonitorOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (configure is not null)
            services.Configure(configure);
        if (services.Any(static service => service.ServiceType == typeof(MonitorNode)))
            return builder;
        services.AddOptions<MonitorOptions>()
            .Validate(static options => !string.IsNullOrWhiteSpace(options.NodeName), NoName)
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<NodeMeter>();
        services.AddSingleton<NodeHealth>();
        services.AddSingleton<NodeReporter>();
        services.AddSingleton<PolicyChecks>();
        services.AddSingleton<MonitorNode>();
        services.AddSingleton<AllNodes>();
        services.AddSingleton<OverviewSource>();
        services.AddSingleton<RoomSource>();
        services.AddSingleton<MonitorEndpoints>();
        services.AddHostedService(static provider => provider.GetRequiredService<PolicyChecks>());
        services.AddHostedService(static provider => provider.GetRequiredService<MonitorNode>());
        return builder;
    }
}
