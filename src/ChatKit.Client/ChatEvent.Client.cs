namespace ChatKit.Client;

/// <summary>What was sent.</summary>
public enum PendingKind
{
    /// <summary>A message.</summary>
    Message,

    /// <summary>The edit of a message.</summary>
    Edit,

    /// <summary>The deletion of a message.</summary>
    Delete,
}

/// <summary>
/// The server has handled what the client sent. The method that sent it returns the same outcome; the event also reports messages that were
/// sent before a restart of the process.
/// </summary>
public sealed record MessageAcknowledged : ChatEvent
{
    internal MessageAcknowledged()
    {
    }

    /// <summary>Identifies what was sent; see <see cref="PendingMessage.Ref"/>.</summary>
    public required string Ref { get; init; }

    /// <summary>The position at which the server stored the message; null if it stored nothing.</summary>
    public MessagePosition? Position { get; init; }
}

/// <summary>
/// What the client sent was refused, or its outcome is unknown; or, with the code <c>unavailable</c> or <c>rate_limited</c>, it must wait; or a
/// room can't be joined.
/// </summary>
public sealed record ErrorReceived : ContentEvent
{
    internal ErrorReceived()
    {
    }

    /// <summary>Identifies what was refused; null if the server couldn't read it, or if it was a request.</summary>
    public string? Ref { get; init; }

    /// <summary>What was refused; null if it is still pending, or if it wasn't a message.</summary>
    public PendingKind? Kind { get; init; }

    /// <summary>The position of the message to be edited or deleted.</summary>
    public MessagePosition? Position { get; init; }

    /// <summary>One of <see cref="ChatErrorCodes"/>, or a code of the application.</summary>
    public required string Code { get; init; }

    /// <summary>A description for the user.</summary>
    public required string Description { get; init; }
}

/// <summary>The state of the client has changed.</summary>
public sealed record StateChanged : ChatEvent
{
    internal StateChanged()
    {
    }

    /// <summary>The new state.</summary>
    public ChatState State { get; init; }

    /// <summary>The reason in the close frame, or why the connection failed; can be empty. Null if there was no failure.</summary>
    public string? Reason { get; init; }

    /// <summary>The close code (RFC 6455 section 7.4); 1006 if the connection was lost. Null if there was no failure.</summary>
    public int? CloseCode { get; init; }

    /// <summary>The time of the next attempt; null if it is in progress, or if there is none.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>
/// The reader of <see cref="ChatConversation.Events"/> was too slow, and the client has dropped the events at this place
/// (<see cref="ChatClientOptions.MaxQueuedEvents"/>). <see cref="ChatConversation.GetOlderAsync"/> gets the stored messages among them.
/// </summary>
public sealed record EventsDropped : ChatEvent
{
    internal EventsDropped()
    {
    }

    /// <summary>The number of dropped events.</summary>
    public long Count { get; init; }
}

/// <summary>A message, or a change of one, that the server hasn't acknowledged.</summary>
public sealed record PendingMessage : ContentEvent
{
    internal PendingMessage()
    {
    }

    /// <summary>Identifies what was sent.</summary>
    public required string Ref { get; init; }

    /// <summary>What was sent.</summary>
    public PendingKind Kind { get; init; }

    /// <summary>The position of the message to be edited or deleted.</summary>
    public MessagePosition? Position { get; init; }
}

/// <summary>Messages that are older than those that the client has reported.</summary>
/// <param name="Messages">The messages, in the order of the room.</param>
/// <param name="More">Whether the server has still older ones.</param>
public sealed record OlderMessages(IReadOnlyList<MessageReceived> Messages, bool More);
