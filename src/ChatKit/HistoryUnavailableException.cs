namespace ChatKit;

/// <summary>
/// The history could not be read or written. A broadcast that throws this was delivered to nobody. If it leaves a handler's
/// callback the connection stays open, because the fault is neither the client's nor the handler's and passes; the client is told
/// nothing unless the handler catches it and does so.
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
