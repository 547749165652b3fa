using ChatKit.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Extension methods that register ChatKit's health check.</summary>
public static class ChatKitHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a health check for this node's ability to share rooms with other nodes. It passes if Redis answers and the node is subscribed
    /// to all rooms that have members on it. Without <c>AddRedis</c>, it always passes. While the application is stopping, the result is
    /// <see cref="HealthStatus.Unhealthy"/>, so that the node receives no new connections.
    /// </summary>
    /// <remarks>The check completes within a second, the default timeout of a Kubernetes probe.</remarks>
    /// <param name="builder">
    /// The builder that <c>AddHealthChecks()</c> returns. Also call <c>AddChatKit()</c> on the services, before or after.
    /// </param>
    /// <param name="name">The name of the health check.</param>
    /// <param name="failureStatus">
    /// The status to report if Redis is unavailable or a subscription is missing. Default: <see cref="HealthStatus.Degraded"/>, for which
    /// ASP.NET Core's endpoints return 200. A node without Redis keeps its connections and recovers by itself. All nodes share the Redis
    /// server, so <see cref="HealthStatus.Unhealthy"/> would take all of them out of the load balancer at once.
    /// </param>
    /// <param name="tags">Tags that select the health check, such as <c>ready</c>.</param>
    /// <returns>The builder.</returns>
    public static IHealthChecksBuilder AddChatKit(
        this IHealthChecksBuilder builder,
        string name = "chatkit",
        HealthStatus failureStatus = HealthStatus.Degraded,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return builder.Add(new HealthCheckRegistration(name, Create, failureStatus, tags));
    }

    private static ChatKitHealthCheck Create(IServiceProvider services) =>
        services.GetService<ChatKitHealthCheck>()
        ?? throw new InvalidOperationException(
            "AddHealthChecks().AddChatKit() requires ChatKit's services. Call builder.Services.AddChatKit().");
}
