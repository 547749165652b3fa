namespace ChatKit.ChatKitV1;

/// <summary>A frame of a client that is not a message for its handler.</summary>
internal abstract record ClientRequest
{
    /// <summary>A frame of a type that this version does not support.</summary>
    public sealed record Unsupported : ClientRequest;

    /// <param name="Room">The room's name.</param>
    /// <param name="After">The last position that the client has in the room; null if it has none.</param>
    public sealed record Join(string Room, MessagePosition? After) : ClientRequest;

    /// <param name="Room">The room's name.</param>
    public sealed record Leave(string Room) : ClientRequest;

    /// <param name="Room">The room's name; null for the home room.</param>
    /// <param name="Position">The position up to which the user has read the room.</param>
    public sealed record Read(string? Room, MessagePosition Position) : ClientRequest;
}
