namespace ChatKit.ChatKitV1;

/// <summary>A frame of a client that is not a message for its handler.</summary>
internal abstract record ClientRequest
{
    /// <summary>A frame of a type that this version does not support.</summary>
    public sealed record Unsupported : ClientRequest;

    /// <param name="Room">The room's name.</param>
    /// <param name="After">The last position that the client has in the room; null if it has none.</param>
    public sealed record Join(string Room, StreamPosition? After) : ClientRequest;

    /// <param name="Room">The room's name.</param>
    public sealed record Leave(string Room) : ClientRequest;

    /// <summary>Replaces a message. <see cref="InboundMessage.Message"/> is what the message becomes, and names the room.</summary>
    /// <param name="Position">The position of the message.</param>
    public sealed record Edit(MessagePosition Position) : ClientRequest;

    /// <summary>Deletes a message. <see cref="InboundMessage.Message"/> names the room.</summary>
    /// <param name="Position">The position of the message.</param>
    public sealed record Delete(MessagePosition Position) : ClientRequest;

    /// <summary>Reads older messages. <see cref="InboundMessage.Message"/> names the room.</summary>
    /// <param name="Before">The position before which to read; null for the latest messages.</param>
    /// <param name="Limit">The maximum number of messages.</param>
    public sealed record History(MessagePosition? Before, int Limit) : ClientRequest;

    /// <param name="Name">The signal's name.</param>
    /// <param name="Data">The signal's data; null if it has none.</param>
    public sealed record Signal(string Name, string? Data) : ClientRequest;

    /// <summary>Moves the user's read cursor. <see cref="InboundMessage.Message"/> names the room.</summary>
    /// <param name="Position">The position up to which the user has read the room.</param>
    public sealed record Read(MessagePosition Position) : ClientRequest;
}
