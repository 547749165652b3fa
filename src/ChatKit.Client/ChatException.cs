namespace ChatKit.Client;

/// <summary>The server refused what the client sent, or its outcome is unknown.</summary>
public sealed class ChatException : Exception
{
    /// <summary>Creates an exception.</summary>
    /// <param name="code">The code, such as one of <see cref="ChatErrorCodes"/>.</param>
    /// <param name="message">The reason.</param>
    public ChatException(string code, string message)
        : base(message) => Code = code;

    /// <summary>One of <see cref="ChatErrorCodes"/>, or a code of the application, such as <c>muted</c>.</summary>
    public string Code { get; }

    /// <summary>The close code (RFC 6455 section 7.4), if the server has closed the connection for good; otherwise null.</summary>
    public int? CloseCode { get; init; }
}

/// <summary>The codes of <see cref="ChatException"/> and <see cref="ErrorReceived"/> that aren't the application's.</summary>
public static class ChatErrorCodes
{
    /// <summary>The server rejected the message as malformed.</summary>
    public const string Malformed = "malformed";

    /// <summary>The client may not be in the room, or may not edit or delete the message.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>The client isn't in the room, or has left it.</summary>
    public const string NotJoined = "not_joined";

    /// <summary>The client is in as many rooms as the server allows.</summary>
    public const string TooManyRooms = "too_many_rooms";

    /// <summary>The message to be edited or deleted is no longer stored.</summary>
    public const string Gone = "gone";

    /// <summary>The handler failed to handle the message.</summary>
    public const string Failed = "failed";

    /// <summary>The server's store is unavailable. The client sends the message again.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>The client sends too much. It sends the message again on a new connection.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>The server doesn't support this.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>The server may or may not have handled the message, and it is too late to send it again.</summary>
    public const string Unknown = "unknown";

    /// <summary>The connection was closed, or the room was left, before the message was sent; or there is no connection.</summary>
    public const string Closed = "closed";

    /// <summary>The client was disposed. The message is in its <see cref="IOutboxStorage"/>, and the next client sends it.</summary>
    public const string Stored = "stored";

    /// <summary>The message is larger than the server accepts.</summary>
    public const string TooBig = "too-big";

    /// <summary>
    /// Too many messages wait: <see cref="ChatClientOptions.MaxPendingMessages"/> or <see cref="ChatClientOptions.MaxPendingBytes"/>.
    /// </summary>
    public const string OutboxFull = "outbox-full";
}
