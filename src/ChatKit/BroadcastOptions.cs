namespace ChatKit;

/// <summary>Options for a broadcast. By default, it goes to everyone in the room and is stored in the room's history.</summary>
public sealed class BroadcastOptions
{
    /// <summary>
    /// The room to send to. The sender doesn't have to be in it. Default: null, the room of the message that is being handled
    /// (<see cref="WebSocketMessage.Room"/>), or the connection's home room outside of <see cref="WebSocketHandler.OnMessageAsync"/>.
    /// </summary>
    public string? Room { get; set; }

    /// <summary>Who receives the message. Default: <see cref="Audience.Everyone"/>.</summary>
    public Audience Audience { get; set; } = Audience.Everyone;

    /// <summary>
    /// Whether the message is stored in the history. Default: true. If false, the message is ephemeral: clients that aren't in the room at
    /// this moment, or that are still catching up, never receive it.
    /// </summary>
    public bool Store { get; set; } = true;

    /// <summary>
    /// Whether the message is JSON, at most 60 levels deep. Clients that speak <see cref="ChatKitSubprotocol.V1"/> receive it as JSON, and
    /// other clients receive its text. Default: null, the message is JSON if the handler passes on the JSON message that it is handling, with
    /// the same text. Bytes are sent as a text if this is true.
    /// </summary>
    public bool? IsJson { get; set; }
}
