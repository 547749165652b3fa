namespace ChatKit;

/// <summary>
/// The exception that is thrown when <see cref="WebSocketHandler.AuthorizeRoomAsync"/> denies a client access to a room. The room wasn't
/// joined. If the exception leaves a handler's callback, the connection stays open. A client that speaks
/// <see cref="ChatKitSubprotocol.V1"/> receives the error <c>forbidden</c> for its message. Other clients aren't notified unless the
/// handler catches the exception and notifies them.
/// </summary>
public sealed class RoomAccessDeniedException : UnauthorizedAccessException
{
    /// <summary>Creates the exception with the default message.</summary>
    public RoomAccessDeniedException()
        : base("Access to the room is denied.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">A message that names the room. It is sent to the client.</param>
    public RoomAccessDeniedException(string? message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and an inner exception.</summary>
    /// <param name="message">A message that names the room. It is sent to the client.</param>
    /// <param name="innerException">The exception that caused this one.</param>
    public RoomAccessDeniedException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal static RoomAccessDeniedException To(string room) => new($"Access to the room '{new LogText(room)}' is denied.");
}
