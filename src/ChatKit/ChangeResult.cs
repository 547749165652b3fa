namespace ChatKit;

/// <summary>The result of changing a message in a history.</summary>
/// <param name="Outcome">What the history has done.</param>
/// <param name="Message">The message as it is stored after the change, with its position; null unless it was changed.</param>
public readonly record struct ChangeResult(ChangeOutcome Outcome, ChatMessage? Message = null);

/// <summary>What a history has done with a change.</summary>
public enum ChangeOutcome
{
    /// <summary>The message is no longer stored, or was deleted before an edit. Nothing was changed.</summary>
    Gone,

    /// <summary>The message was changed.</summary>
    Changed,

    /// <summary>
    /// Nothing was changed, because a change with the same <see cref="MessageChange.IdempotencyKey"/> was made before, or because the
    /// message to delete was already deleted. The change must not be delivered again.
    /// </summary>
    Unchanged,
}
