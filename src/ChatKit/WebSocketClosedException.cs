namespace ChatKit;

/// <summary>Something was sent to a client whose connection is closed or closing.</summary>
public sealed class WebSocketClosedException : IOException
{
    /// <summary>Creates the exception with its usual message.</summary>
    public WebSocketClosedException()
        : base("The WebSocket connection is closed: nothing more can be sent to this client.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What happened.</param>
    public WebSocketClosedException(string? message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public WebSocketClosedException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
