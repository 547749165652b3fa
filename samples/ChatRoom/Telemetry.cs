using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ChatRoom;

/// <summary>Exports metrics, traces, and logs through OpenTelemetry.</summary>
internal static class Telemetry
{
    /// <param name="builder">The application.</param>
    /// <param name="endpoint">The URL of a collector.</param>
    public static void ExportTelemetry(this WebApplicationBuilder builder, string endpoint)
    {
        // The exporter reads this setting together with the other OTEL_ variables.
        builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint;
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("chatroom").AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics
                .AddMeter(ChatKitTelemetry.MeterName, "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"))
            .WithTracing(traces => traces.AddSource(ChatKitTelemetry.ActivitySourceName))
            .WithLogging()
            .UseOtlpExporter();
    }
}
