namespace ChatKit;

/// <summary>How a broadcast differs from the usual one: to everyone in the home room, and into its history.</summary>
public sealed class BroadcastOptions
{
    /// <summary>The room. Default: null, the home room of the connection. The sender need not be in it.</summary>
    public string? Room { get; set; }

    /// <summary>Who receives the message. Default: <see cref="Audience.Everyone"/>.</summary>
    public Audience Audience { get; set; } = Audience.Everyone;

    /// <summary>
    /// Whether the history keeps the message. Default: true. With false the message is ephemeral: whoever is not in the room
    /// at this moment, or is still catching up, never sees it.
    /// </summary>
    public bool Store { get; set; } = true;
}
