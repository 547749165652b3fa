namespace ChatKit;

/// <summary>The result of appending a message to a history.</summary>
/// <param name="Position">The position of the message. For a duplicate, the position at which it was first stored.</param>
/// <param name="IsNew">
/// False if a message with the same <see cref="ChatMessage.IdempotencyKey"/> was already stored. Nothing was stored this time, and the
/// message must not be delivered again.
/// </param>
public readonly record struct AppendResult(MessagePosition Position, bool IsNew)
{
    private readonly ChatMessage? _appended;
    private readonly ChatMessage? _stored;

    /// <summary>The result of a history that keeps the message itself.</summary>
    /// <param name="appended">The message that was appended.</param>
    /// <param name="stored">The same message at its position.</param>
    internal AppendResult(ChatMessage appended, ChatMessage stored)
        : this(stored.Position.GetValueOrDefault(), IsNew: true) => (_appended, _stored) = (appended, stored);

    /// <summary>
    /// Returns a message that was appended at its position. A history can have appended another message than the one that it was given.
    /// </summary>
    internal ChatMessage Place(ChatMessage message) => message == _appended ? _stored! : message.WithPosition(Position);

    /// <inheritdoc/>
    public bool Equals(AppendResult other) => Position == other.Position && IsNew == other.IsNew;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Position, IsNew);
}
