using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ChatRoom;

/// <summary>Exports what happens through OpenTelemetry.</summary>
internal static class Telemetry
{
    /// <param name="builder">The application.</param>
    /// <param name="endpoint">The URL of a collector.</param>
    public static void ExportTelemetry(this WebApplicationBuilder builder, string endpoint)
    {
        // Read by the exporter, together with whatever else OTEL_ variables say.
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
