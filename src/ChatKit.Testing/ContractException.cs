namespace ChatKit.Testing;

/// <summary>
/// The exception that is thrown when an implementation doesn't fulfill its contract. The message says what was expected and what was found.
/// </summary>
public sealed class ContractException : Exception
{
    /// <summary>Creates the exception with a default message.</summary>
    public ContractException()
        : base("The implementation does not fulfill its contract.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">A message that says what was expected and what was found.</param>
    public ContractException(string? message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and an inner exception.</summary>
    /// <param name="message">A message that says what was expected and what was found.</param>
    /// <param name="innerException">The exception that the implementation has thrown.</param>
    public ContractException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
