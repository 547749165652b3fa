namespace ChatKit;

/// <summary>Options for a message that the application sends with <see cref="IRoomBroadcaster"/>.</summary>
public sealed class RoomBroadcastOptions
{
    /// <summary>
    /// Whether the message is stored in the history. Default: true. If false, the message is ephemeral: clients that aren't in the room at
    /// this moment, or that are still catching up, never receive it. Use false for a room that has no history.
    /// </summary>
    public bool Store { get; set; } = true;

    /// <summary>
    /// Whether the message is JSON, at most 60 levels deep. Clients that speak <see cref="ChatKitSubprotocol.V1"/> receive it as JSON, and
    /// other clients receive its text. Bytes are then sent as a text. Default: false.
    /// </summary>
    public bool IsJson { get; set; }

    /// <summary>The id of the sender that clients see. Default: null, the application itself.</summary>
    public string? From { get; set; }

    /// <summary>
    /// Makes it safe to send the message more than once, from one node or several. Of all messages with the same key, within 5 minutes in
    /// one room, the first is stored and delivered; the others return its position. 1 to 255 characters. Default: null, every message is
    /// stored. Has no effect if <see cref="Store"/> is false.
    /// </summary>
    public string? IdempotencyKey { get; set; }
}
