namespace ChatKit;

/// <summary>What an application names to collect ChatKit's telemetry, for example <c>AddMeter(ChatKitTelemetry.MeterName)</c>.</summary>
public static class ChatKitTelemetry
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "ChatKit";
}
