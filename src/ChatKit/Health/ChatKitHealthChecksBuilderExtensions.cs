using ChatKit.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Turns on the health check of a node.</summary>
public static class ChatKitHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check whether this node can share rooms with the others: Redis answers, and the node is subscribed to all rooms that have members
    /// on it. Without <c>AddRedis</c> there is nothing that could fail. While the application stops the check is
    /// <see cref="HealthStatus.Unhealthy"/>, so that no new connections come.
    /// </summary>
    /// <remarks>
    /// The check answers within a second, which is how long a probe of Kubernetes waits unless told otherwise.
    /// </remarks>
    /// <param name="builder">What <c>AddHealthChecks()</c> has returned. <c>AddChatKit()</c> is called on the services too, before or after.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">
    /// What the check reports if Redis or a subscription is missing. The default is <see cref="HealthStatus.Degraded"/>, which endpoints
    /// of ASP.NET Core answer with 200: a node without Redis still has its connections, and goes on by itself when Redis is back.
    /// <see cref="HealthStatus.Unhealthy"/> would take all nodes out of the load balancer at once, since they share the server, and help
    /// nobody.
    /// </param>
    /// <param name="tags">What the check can be selected by, such as <c>ready</c>.</param>
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
            "AddHealthChecks().AddChatKit() checks what AddChatKit() adds to the services, which is missing. Call builder.Services.AddChatKit().");
}
