using ChatKit.Connections;
using ChatKit.Rooms;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace ChatKit.Health;

/// <summary>Checks whether this node can accept connections and share rooms with other nodes.</summary>
internal sealed class ChatKitHealthCheck(
    IEnumerable<IHealthProbe> probes, ConnectionRegistry connections, RoomRegistry rooms, IHostApplicationLifetime? application = null)
    : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object> { ["connections"] = connections.Count, ["rooms"] = rooms.Count };

        // A stopping node must receive no more connections, whatever status the application has chosen for failures.
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
