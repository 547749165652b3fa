namespace ChatKit.Testing;

/// <summary>
/// The exception that is thrown when the connection of a <see cref="ChatTestClient"/> has ended, but the test waits for something else.
/// </summary>
public sealed class ChatTestException : Exception
{
    /// <summary>Creates the exception with a default message.</summary>
    public ChatTestException()
        : base("The connection has ended.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">A message that says what was expected and what was received.</param>
    public ChatTestException(string? message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and an inner exception.</summary>
    /// <param name="message">A message that says what was expected and what was received.</param>
    /// <param name="innerException">The exception that caused this one.</param>
    public ChatTestException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
