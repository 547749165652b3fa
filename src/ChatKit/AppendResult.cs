namespace ChatKit;

/// <summary>The result of appending a message to a history.</summary>
/// <param name="Position">The position of the message. For a duplicate, the position at which it was first stored.</param>
/// <param name="IsNew">
/// False if a message with the same <see cref="ChatMessage.IdempotencyKey"/> was already stored. Nothing was stored this time, and the
/// message must not be delivered again.
/// </param>
public readonly record struct AppendResult(MessagePosition Position, bool IsNew);
