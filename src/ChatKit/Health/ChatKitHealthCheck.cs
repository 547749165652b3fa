using ChatKit.Connections;
using ChatKit.Rooms;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace ChatKit.Health;

/// <summary>Whether this node can do what it is there for: take connections, and share rooms with the other nodes.</summary>
internal sealed class ChatKitHealthCheck(
    IEnumerable<IHealthProbe> probes, ConnectionRegistry connections, RoomRegistry rooms, IHostApplicationLifetime? application = null)
    : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object> { ["connections"] = connections.Count, ["rooms"] = rooms.Count };

        // Whatever the application has chosen for a Redis that is away: a node that stops must get no more connections.
        if (application?.ApplicationStopping.IsCancellationRequested == true)
            return HealthCheckResult.Unhealthy("The application is stopping. Send new connections to another node.", data: data);

        var problems = new List<string>();
        foreach (var probe in probes)
        {
            if (await probe.ProblemAsync(data, cancellationToken).ConfigureAwait(false) is { } problem)
                problems.Add(problem);
        }

        return problems.Count == 0
            ? HealthCheckResult.Healthy(data: data)
            : new HealthCheckResult(context.Registration.FailureStatus, string.Join(' ', problems), data: data);
    }
}
