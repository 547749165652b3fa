namespace ChatKit.ChatKitV1;

/// <summary>The codes of error frames.</summary>
internal static class V1Error
{
    /// <summary>The frame is not one of the protocol.</summary>
    public const string Malformed = "malformed";

    /// <summary>The frame is of a type that this version does not know. The client goes on without it.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>The store is away. The client sends the message again, with the same ref.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>The client may not be in the room that the message was to bring it into. It never sends the message again.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>The handler failed. The client never sends the message again.</summary>
    public const string Failed = "failed";

    /// <summary>The client sends too much; the connection is closed. The client sends the message again, on a new one, after a while.</summary>
    public const string RateLimited = "rate_limited";
}
