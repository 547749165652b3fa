namespace ChatKit;

/// <summary>
/// What an application names to collect ChatKit's telemetry: <c>AddMeter(ChatKitTelemetry.MeterName)</c> and
/// <c>AddSource(ChatKitTelemetry.ActivitySourceName)</c> with OpenTelemetry.
/// </summary>
public static class ChatKitTelemetry
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "ChatKit";

    /// <summary>The name of the activity source: spans from a client's message to its delivery on every node.</summary>
    public const string ActivitySourceName = "ChatKit";
}
