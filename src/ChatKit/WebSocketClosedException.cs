namespace ChatKit;

/// <summary>The exception that is thrown when a message is sent to a client whose connection is closed or closing.</summary>
public sealed class WebSocketClosedException : IOException
{
    /// <summary>Creates the exception with the default message.</summary>
    public WebSocketClosedException()
        : base("The WebSocket connection is closed. No more messages can be sent to this client.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">A message that says what happened.</param>
    public WebSocketClosedException(string? message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and an inner exception.</summary>
    /// <param name="message">A message that says what happened.</param>
    /// <param name="innerException">The exception that caused this one.</param>
    public WebSocketClosedException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
