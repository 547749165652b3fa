namespace ChatKit;

/// <summary>
/// The history could not be read or written. A broadcast that throws this was delivered to nobody. If it leaves
/// <see cref="WebSocketHandler.OnMessageAsync"/> it is logged and the connection stays open: the fault is neither the client's nor
/// the handler's, and passes.
/// </summary>
public sealed class HistoryUnavailableException : IOException
{
    /// <summary>Creates the exception with its usual message.</summary>
    public HistoryUnavailableException()
        : base("The message history is unavailable.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What is unavailable, and what to do about it.</param>
    public HistoryUnavailableException(string? message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">What is unavailable, and what to do about it.</param>
    /// <param name="innerException">The cause.</param>
    public HistoryUnavailableException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
