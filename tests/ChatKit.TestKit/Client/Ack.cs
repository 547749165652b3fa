namespace ChatKit.TestKit.Client;

/// <summary>The acknowledgement of a message, an edit, or a deletion.</summary>
/// <param name="Position">The position at which it is stored; null if it is not stored.</param>
public sealed record Ack(string? Position);

/// <summary>A message was not acknowledged and will not be sent again.</summary>
/// <param name="code">The code of the server's error, or <see cref="Unknown"/>, or <see cref="NotSent"/>.</param>
/// <param name="message">The reason, for the user.</param>
public sealed class SendFailedException(string code, string message) : Exception(message)
{
    /// <summary>The message may or may not have been stored.</summary>
    public const string Unknown = "unknown";

    /// <summary>The message never left this client.</summary>
    public const string NotSent = "not-sent";

    public string Code { get; } = code;
}
