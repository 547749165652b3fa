using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using HealthReport = ChatKit.Monitor.Reports.HealthReport;

namespace ChatKit.Monitor.Nodes;

/// <summary>Runs ChatKit's health check, whether or not the application has added it to its own.</summary>
internal sealed class NodeHealth(IServiceProvider services)
{
    private readonly HealthCheckRegistration _registration = Capture.Registration();

    public async ValueTask<HealthReport> CheckAsync(CancellationToken cancellationToken)
    {
        var context = new HealthCheckContext { Registration = _registration };
        var result = await _registration.Factory(services).CheckHealthAsync(context, cancellationToken).ConfigureAwait(false);
        double? ping = result.Data.TryGetValue("redis.ping.ms", out var value) ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : null;
        return new HealthReport(result.Status.ToString(), result.Description, ping);
    }

    /// <summary>Takes the registration that would be added to the application's health checks.</summary>
    private sealed class Capture : IHealthChecksBuilder
    {
        private HealthCheckRegistration? _registration;

        public IServiceCollection Services { get; } = new ServiceCollection();

        public static HealthCheckRegistration Registration()
        {
            var capture = new Capture();
            capture.AddChatKit();
            return capture._registration!;
        }

        public IHealthChecksBuilder Add(HealthCheckRegistration registration)
        {
            _registration = registration;
            return this;
        }
    }
}
