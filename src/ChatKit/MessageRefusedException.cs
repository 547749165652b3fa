namespace ChatKit;

/// <summary>
/// Refuses what is being handled. Throw it from <see cref="WebSocketHandler.OnMessageAsync"/>, <see cref="WebSocketHandler.OnEditAsync"/>,
/// <see cref="WebSocketHandler.OnDeleteAsync"/> or <see cref="WebSocketHandler.OnSignalAsync"/>. The connection stays open, and a client that
/// speaks <see cref="ChatKitSubprotocol.V1"/> receives the code and the text as the error of its frame. Other clients receive nothing; use
/// <see cref="WebSocketHandler.SendAsync(string, CancellationToken)"/> for them.
/// </summary>
public sealed class MessageRefusedException : Exception
{
    private const int MaxCodeLength = 64;

    /// <summary>The codes of the protocol that clients don't treat as a plain refusal, and the codes of the browser client.</summary>
    private static readonly string[] Reserved = ["malformed", "unavailable", "rate_limited", "failed", "closed", "unknown"];

    /// <summary>Creates the exception.</summary>
    /// <param name="code">
    /// The error code for programs, such as <c>muted</c>: 1 to 64 lower-case ASCII letters, digits and underscores. The codes
    /// <c>malformed</c>, <c>unavailable</c>, <c>rate_limited</c>, <c>failed</c>, <c>closed</c> and <c>unknown</c> are reserved.
    /// </param>
    /// <param name="text">The error text for people. It is sent to the client unchanged.</param>
    /// <exception cref="ArgumentException"><paramref name="code"/> isn't a valid code, or is reserved.</exception>
    public MessageRefusedException(string code, string text)
        : base(text)
    {
        ArgumentNullException.ThrowIfNull(code);
        ArgumentNullException.ThrowIfNull(text);
        if (code.Length is 0 or > MaxCodeLength || !code.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
        {
            throw new ArgumentException(
                $"'{code}' is not a valid error code. Use 1 to {MaxCodeLength} lower-case letters, digits and underscores.", nameof(code));
        }

        if (Reserved.Contains(code))
            throw new ArgumentException($"'{code}' is reserved by {ChatKitSubprotocol.V1}. Use another code.", nameof(code));
        Code = code;
    }

    /// <summary>The error code for programs.</summary>
    public string Code { get; }
}
