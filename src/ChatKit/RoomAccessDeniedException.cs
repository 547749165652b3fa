namespace ChatKit;

/// <summary>
/// <see cref="WebSocketHandler.AuthorizeRoomAsync"/> does not let the client into a room; it was not joined. If this leaves a handler's
/// callback the connection stays open. A client that speaks <see cref="ChatKitSubprotocol.V1"/> is told that its message was refused
/// (<c>forbidden</c>); others are told nothing unless the handler catches it and does so.
/// </summary>
public sealed class RoomAccessDeniedException : UnauthorizedAccessException
{
    /// <summary>Creates the exception with its usual message.</summary>
    public RoomAccessDeniedException()
        : base("The client may not be in this room.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">Which room; the client is told this.</param>
    public RoomAccessDeniedException(string? message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">Which room; the client is told this.</param>
    /// <param name="innerException">The cause.</param>
    public RoomAccessDeniedException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal static RoomAccessDeniedException To(string room) => new($"The client may not be in the room '{new LogText(room)}'.");
}
