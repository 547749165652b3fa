namespace ChatKit;

/// <summary>
/// The names for collecting ChatKit's telemetry. With OpenTelemetry, call <c>AddMeter(ChatKitTelemetry.MeterName)</c> and
/// <c>AddSource(ChatKitTelemetry.ActivitySourceName)</c>.
/// </summary>
public static class ChatKitTelemetry
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "ChatKit";

    /// <summary>The name of the activity source. Its spans follow a client's message to its delivery on every node.</summary>
    public const string ActivitySourceName = "ChatKit";
}
