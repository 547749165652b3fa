using System.Diagnostics.CodeAnalysis;
using ChatKit.Monitor.Endpoints;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Extension methods that map the operators' page.</summary>
public static class ChatKitMonitorEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a page that shows the rooms and the connections of all nodes that share the backplane, live, with the stored messages of each room. Its
    /// users can close connections, disconnect users and delete messages. So there is no default access: each of its endpoints requires the
    /// policy.
    /// </summary>
    /// <param name="endpoints">The route builder, such as the application.</param>
    /// <param name="pattern">The address of the page, such as <c>/ops</c>.</param>
    /// <param name="policyName">The name of the authorization policy of your operators.</param>
    /// <returns>A builder for conventions such as <c>RequireHost("ops.internal.example")</c>. <c>AllowAnonymous()</c> has no effect.</returns>
    /// <exception cref="InvalidOperationException">
    /// <paramref name="policyName"/> is null or empty, there is no such policy, or <c>AddChatKit().AddMonitor()</c> was not called.
    /// </exception>
    public static IEndpointConventionBuilder MapChatKitMonitor(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, string policyName)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var services = endpoints.ServiceProvider;
        if (services.GetService<IServiceProviderIsService>()?.IsService(typeof(PolicyChecks)) == false)
        {
            throw new InvalidOperationException(
                "The services of the operators' page are not registered. Call builder.Services.AddChatKit().AddMonitor() before builder.Build().");
        }

        services.GetRequiredService<PolicyChecks>().Check(services.GetService<IAuthorizationPolicyProvider>(), policyName);
        var group = endpoints.MapGroup(pattern);
        group.RequireAuthorization(policyName).ExcludeFromDescription();
        ((IEndpointConventionBuilder)group).Finally(RemoveAllowAnonymous);
        services.GetRequiredService<MonitorEndpoints>().Map(group);
        return group;
    }

    /// <summary>Whatever the application has said about a route group around the page, the page needs its policy.</summary>
    private static void RemoveAllowAnonymous(EndpointBuilder endpoint)
    {
        foreach (var allowance in endpoint.Metadata.OfType<IAllowAnonymous>().ToList())
            endpoint.Metadata.Remove(allowance);
    }
}
