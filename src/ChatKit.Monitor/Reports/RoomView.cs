namespace ChatKit.Monitor.Reports;

/// <summary>What the page shows of one room.</summary>
/// <param name="Room">The room; null if it has no members.</param>
/// <param name="Connections">Some of the connections in the room.</param>
/// <param name="Present">Who is present; empty if the room has no presence, or if there are too many to list.</param>
/// <param name="Messages">Stored messages, oldest first.</param>
/// <param name="HasOlder">Whether the room has stored older messages.</param>
/// <param name="Problem">Why the messages or who is present can't be shown; null if they can.</param>
internal sealed record RoomView(
    RoomReport? Room,
    IReadOnlyList<ConnectionReport> Connections,
    IReadOnlyList<PresentReport> Present,
    IReadOnlyList<MessageReport> Messages,
    bool HasOlder,
    string? Problem);

/// <param name="Id">The user's id, or the connection id of an anonymous client.</param>
/// <param name="Data">The data of the member, as JSON; null if it has none.</param>
internal sealed record PresentReport(string Id, string? Data);

/// <param name="Position">The message's position.</param>
/// <param name="At">When it was accepted.</param>
/// <param name="From">The sender's user id; null if the sender is anonymous or the application.</param>
/// <param name="Text">The text, which can be cut off; null if the message is binary or deleted.</param>
/// <param name="Bytes">The length of the payload.</param>
/// <param name="IsDeleted">Whether the message was deleted.</param>
/// <param name="ChangedAt">When it was last edited or deleted; null if it never was.</param>
/// <param name="ChangedBy">Who did that; null if unknown.</param>
internal sealed record MessageReport(
    string Position, DateTimeOffset At, string? From, string? Text, int Bytes, bool IsDeleted, DateTimeOffset? ChangedAt, string? ChangedBy)
{
    /// <summary>Enough to see what a message is about.</summary>
    private const int MaxText = 2000;

    public static MessageReport Of(ChatMessage message)
    {
        var isText = message is { Type: System.Net.WebSockets.WebSocketMessageType.Text, IsDeleted: false };
        return new MessageReport(
            message.Position.GetValueOrDefault().ToString(),
            message.At,
            message.From,
            isText ? Start(message.Text) : null,
            message.Data.Length,
            message.IsDeleted,
            message.ChangedAt,
            message.ChangedBy);
    }

    private static string Start(string text)
    {
        if (text.Length <= MaxText)
            return text;
        var end = char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText;
        return $"{text.AsSpan(0, end)}…";
    }
}
