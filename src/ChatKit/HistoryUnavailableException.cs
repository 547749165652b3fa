namespace ChatKit;

/// <summary>
/// The exception that is thrown when the message store, or the connection between the nodes, is unavailable. A broadcast that throws it isn't
/// delivered. If it leaves a handler's callback, the connection stays open, because the fault is temporary. A client that uses
/// <see cref="ChatKitSubprotocol.V1"/> receives the error <c>unavailable</c> and sends its message again. Other clients receive nothing,
/// unless the handler catches the exception and sends them a message.
/// </summary>
public sealed class HistoryUnavailableException : IOException
{
    /// <summary>Creates the exception with the default message.</summary>
    public HistoryUnavailableException()
        : base("The message history is unavailable.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">A message that says what is unavailable and how to fix it.</param>
    public HistoryUnavailableException(string? message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and an inner exception.</summary>
    /// <param name="message">A message that says what is unavailable and how to fix it.</param>
    /// <param name="innerException">The exception that caused this one.</param>
    public HistoryUnavailableException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
