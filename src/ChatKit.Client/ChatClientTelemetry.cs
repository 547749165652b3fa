namespace ChatKit.Client;

/// <summary>The names under which a <see cref="ChatClient"/> logs and measures.</summary>
public static class ChatClientTelemetry
{
    /// <summary>The name of the meter, of the activity source, and of the log category.</summary>
    public const string Name = "ChatKit.Client";
}
