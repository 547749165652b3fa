namespace ChatKit;

/// <summary>
/// Refuses the message that is being handled. Throw it from <see cref="WebSocketHandler.OnMessageAsync"/>: the connection stays open, and a
/// client that speaks <see cref="ChatKitSubprotocol.V1"/> receives the code and the text as the error of that message. Other clients receive
/// nothing; use <see cref="WebSocketHandler.SendAsync(string)"/> for them.
/// </summary>
public sealed class MessageRefusedException : Exception
{
    private const int MaxCodeLength = 64;

    /// <summary>The protocol's own, upon which clients do something else than to give the message up, and those of the browser client.</summary>
    private static readonly string[] Reserved = ["malformed", "unavailable", "rate_limited", "failed", "closed", "unknown"];

    /// <summary>Creates the exception.</summary>
    /// <param name="code">
    /// What programs go by, such as <c>muted</c>: 1 to 64 lower-case ASCII letters, digits and underscores, and none of <c>malformed</c>,
    /// <c>unavailable</c>, <c>rate_limited</c>, <c>failed</c>, <c>closed</c> and <c>unknown</c>, which have a meaning of their own.
    /// </param>
    /// <param name="text">What people read. It is sent to the client as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="code"/> is not such a code.</exception>
    public MessageRefusedException(string code, string text)
        : base(text)
    {
        ArgumentNullException.ThrowIfNull(code);
        ArgumentNullException.ThrowIfNull(text);
        if (code.Length is 0 or > MaxCodeLength || !code.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
            throw new ArgumentException($"'{code}' is not an error code; use 1 to {MaxCodeLength} lower-case letters, digits and underscores.", nameof(code));
        if (Reserved.Contains(code))
            throw new ArgumentException($"'{code}' has a meaning of its own in {ChatKitSubprotocol.V1}; use another code.", nameof(code));
        Code = code;
    }

    /// <summary>What programs go by.</summary>
    public string Code { get; }
}
