namespace ChatKit.TestKit.Client;

/// <summary>That a message was handled.</summary>
/// <param name="Ref">What the client has named it.</param>
/// <param name="Room">The room it was stored in; null if it was not stored.</param>
/// <param name="Position">Where it was stored; null if it was not.</param>
public sealed record Ack(string Ref, string? Room, string? Position);

/// <summary>A message was not acknowledged and will not be sent again.</summary>
/// <param name="code">The code of the server's error, or <see cref="Unknown"/>, or <see cref="NotSent"/>.</param>
/// <param name="message">Why, for people.</param>
public sealed class SendFailedException(string code, string message) : Exception(message)
{
    /// <summary>The message may have been stored or not.</summary>
    public const string Unknown = "unknown";

    /// <summary>The message never left this client.</summary>
    public const string NotSent = "not-sent";

    public string Code { get; } = code;
}
