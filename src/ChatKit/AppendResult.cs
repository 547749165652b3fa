namespace ChatKit;

/// <summary>What became of a message that was to be stored.</summary>
/// <param name="Position">Where the message is; for a repeated one, where it is since the first time.</param>
/// <param name="IsNew">
/// False if a message with the same <see cref="ChatMessage.IdempotencyKey"/> was stored before: nothing was stored now, and nobody is to be
/// given the message again.
/// </param>
public readonly record struct AppendResult(MessagePosition Position, bool IsNew);
