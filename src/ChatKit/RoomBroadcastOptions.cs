namespace ChatKit;

/// <summary>How a message that the application sends by <see cref="IRoomBroadcaster"/> differs from the usual one.</summary>
public sealed class RoomBroadcastOptions
{
    /// <summary>
    /// Whether the history keeps the message. Default: true. With false the message is ephemeral: clients that are not in the room at this
    /// moment, or are still catching up, never receive it. Use false for a room that has no history.
    /// </summary>
    public bool Store { get; set; } = true;

    /// <summary>The id of the user that the message is from, as clients see it. Default: null, the application itself.</summary>
    public string? From { get; set; }

    /// <summary>
    /// Makes it safe to send the message more than once, from one node or several: of all that have the same key, within 5 minutes in one
    /// room, the first is stored and delivered, and the others return its position. 1 to 255 characters. Default: null, every message is
    /// stored. Has no effect with <see cref="Store"/> = false.
    /// </summary>
    public string? IdempotencyKey { get; set; }
}
