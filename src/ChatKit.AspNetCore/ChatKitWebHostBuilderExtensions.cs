using ChatKit.AspNetCore.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Extension methods for the host of the server.</summary>
public static class ChatKitWebHostBuilderExtensions
{
    /// <summary>
    /// Lets Kestrel read and write its sockets with ChatKit's transport, which takes fewer steps for a message and for a new connection, and
    /// less memory for an idle one. It serves all connections over TCP of the application, also those of other endpoints. On other systems
    /// than Linux, this does nothing.
    /// </summary>
    /// <remarks>
    /// Kestrel's own transport continues to serve Unix sockets. Of its options, <c>CreateBoundListenSocket</c>, <c>Backlog</c> and
    /// <c>NoDelay</c> apply here too. Connections don't have the feature <c>IConnectionSocketFeature</c>.
    /// </remarks>
    /// <param name="builder">The host's builder, such as <c>builder.WebHost</c>.</param>
    /// <returns>The same builder.</returns>
    public static IWebHostBuilder UseChatKitSockets(this IWebHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (!OperatingSystem.IsLinux())
            return builder;

        // Of the transports that can listen at an address, Kestrel takes the last.
        return builder.UseSockets().ConfigureServices(static services =>
        {
            services.TryAddSingleton(TimeProvider.System);
            services.AddSingleton<IConnectionListenerFactory, PolledListenerFactory>();
        });
    }
}
