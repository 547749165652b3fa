namespace ChatKit;

/// <summary>Messages that a room has stored before a position.</summary>
/// <param name="Messages">The messages, oldest first, with contiguous positions.</param>
/// <param name="HasMore">Whether the room has stored older messages.</param>
public sealed record OlderMessages(IReadOnlyList<ChatMessage> Messages, bool HasMore)
{
    /// <summary>There are no older messages.</summary>
    public static OlderMessages None { get; } = new([], HasMore: false);

    /// <summary>Selects the messages for a reader. Use it to implement <see cref="IMessageHistory.ReadBeforeAsync"/>.</summary>
    /// <param name="stored">All messages that the room has stored, oldest first, with contiguous positions.</param>
    /// <param name="before">The position before which to read; null to read the latest messages.</param>
    /// <param name="limit">The maximum number of messages.</param>
    public static OlderMessages Of(IReadOnlyList<ChatMessage> stored, MessagePosition? before, int limit)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var end = stored.Count;
        if (before is { } position && stored is [.., { Position: { } top }])
        {
            if (!position.IsOfStream(top))
                return None;
            end = (int)Math.Clamp(position.Sequence - (top.Sequence - stored.Count) - 1, 0, stored.Count);
        }

        var start = Math.Max(0, end - limit);
        return new OlderMessages([.. stored.Skip(start).Take(end - start)], HasMore: start > 0);
    }
}
