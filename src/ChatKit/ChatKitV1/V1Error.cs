namespace ChatKit.ChatKitV1;

/// <summary>The codes of error frames.</summary>
internal static class V1Error
{
    /// <summary>The frame doesn't conform to the protocol.</summary>
    public const string Malformed = "malformed";

    /// <summary>This version doesn't support the frame's type. The client continues without it.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>The store is unavailable. The client sends the message again, with the same ref.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>The client was denied access to a room, or may not do this. It never sends the frame again.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>The client is not in the room that it has addressed. It never sends the message again.</summary>
    public const string NotJoined = "not_joined";

    /// <summary>The client is in as many rooms as it may be. It leaves one before it joins another.</summary>
    public const string TooManyRooms = "too_many_rooms";

    /// <summary>The message is no longer stored, or was deleted. The client never sends the frame again.</summary>
    public const string Gone = "gone";

    /// <summary>The handler failed. The client never sends the message again.</summary>
    public const string Failed = "failed";

    /// <summary>The client exceeded the rate, and the connection is closed. It sends the message again later, on a new connection.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>Whether a code is one of the protocol. All others are of the application.</summary>
    public static bool IsOfProtocol(string code) =>
        code is Malformed or Unsupported or Unavailable or Forbidden or NotJoined or TooManyRooms or Gone or Failed or RateLimited;

    /// <summary>
    /// What a client is sent when the handling of its message fails: a code and a text. A text never says what has failed in the server, or the
    /// name of a server. Both are in the log.
    /// </summary>
    public static (string Code, string Text) Of(Exception exception) => exception switch
    {
        HistoryUnavailableException => (Unavailable, "The message could not be stored. Send it again."),
        RoomAccessDeniedException => (Forbidden, exception.Message),
        MessageRefusedException refused => (refused.Code, refused.Message),
        _ => (Failed, "The server failed to handle the message."),
    };
}
