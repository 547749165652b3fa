namespace ChatKit;

/// <summary>A consistent snapshot of the messages that a room has stored after a position.</summary>
/// <param name="Messages">The messages, oldest first, with contiguous positions; the last one is at <paramref name="Top"/>.</param>
/// <param name="Top">The room's last position; <see cref="MessagePosition.None"/> if the room is empty.</param>
/// <param name="Missed">The number of messages after the reader's position that are no longer stored; 0 if the reader has no position.</param>
/// <param name="Restarted">
/// Whether the reader's position isn't in the room's current stream: it has another epoch, or is beyond the top. The page then contains
/// every stored message, and <paramref name="Missed"/> counts only messages of the current stream.
/// </param>
public sealed record HistoryPage(IReadOnlyList<ChatMessage> Messages, MessagePosition Top, long Missed, bool Restarted)
{
    /// <summary>The room's last revision; 0 if no message of the room was ever edited or deleted. Default: 0.</summary>
    public long Revision { get; init; }

    /// <summary>
    /// The stored messages, up to the reader's position, that were changed after the reader's revision: as they are now, in the order of
    /// their revisions. Empty if the reader has no position, or if <see cref="Restarted"/> is true. Default: none.
    /// </summary>
    public IReadOnlyList<ChatMessage> Changes { get; init; } = [];

    /// <summary>The position before the first message.</summary>
    internal MessagePosition Start => Top with { Sequence = Top.Sequence - Messages.Count };

    /// <summary>
    /// Creates the page for a reader of a history whose messages never change. Use it to implement <see cref="IMessageHistory"/>.
    /// </summary>
    /// <param name="stored">All messages that the room has stored, oldest first, with contiguous positions up to <paramref name="top"/>.</param>
    /// <param name="top">The room's last position; <see cref="MessagePosition.None"/> if the room is empty.</param>
    /// <param name="after">The reader's last position; null if it has none.</param>
    public static HistoryPage After(IReadOnlyList<ChatMessage> stored, MessagePosition top, MessagePosition? after) =>
        After(stored, top, revision: 0, after, limit: null);

    /// <summary>
    /// Creates the page for a reader of a history whose messages can change. Use it to implement <see cref="IMessageHistory"/>.
    /// </summary>
    /// <param name="stored">All messages that the room has stored, oldest first, with contiguous positions up to <paramref name="top"/>.</param>
    /// <param name="top">The room's last position; <see cref="MessagePosition.None"/> if the room is empty.</param>
    /// <param name="revision">The room's last revision.</param>
    /// <param name="after">How far the reader has followed the room; null if it has no position.</param>
    /// <param name="limit">The maximum number of messages, for a reader without a position; null for all.</param>
    public static HistoryPage After(
        IReadOnlyList<ChatMessage> stored, MessagePosition top, long revision, StreamPosition? after, int? limit)
    {
        ArgumentNullException.ThrowIfNull(stored);

        // If the room has lost changes that the reader has, the reader starts again, because nothing else shows it what the messages were
        // before these changes.
        var isLost = after?.Revision > revision;
        var (count, missed, restarted) = Plan(top, stored.Count, after?.Message, isLost);
        if (after is null)
            count = Math.Min(count, limit ?? count);
        var known = restarted || after is null ? revision : after.Value.Revision ?? 0;
        return new HistoryPage([.. stored.Skip(stored.Count - count)], top, missed, restarted)
        {
            Revision = revision,
            Changes = known < revision
                ? [.. stored.SkipLast(count).Where(message => message.Revision > known).OrderBy(static message => message.Revision)]
                : [],
        };
    }

    /// <summary>
    /// Computes what a reader receives. Because sequences are contiguous, the result depends only on the top, the number of stored messages
    /// and the reader's position, whatever the history.
    /// </summary>
    internal static (int Count, long Missed, bool Restarted) Plan(
        MessagePosition top, long stored, MessagePosition? after, bool isLost = false)
    {
        if (after is not { } known)
            return ((int)stored, 0, false);

        var restarted = isLost || !known.IsOfStream(top) || known.Sequence > top.Sequence;
        var wanted = restarted ? top.Sequence : top.Sequence - known.Sequence;
        var count = Math.Min(wanted, stored);
        return ((int)count, wanted - count, restarted);
    }

    /// <summary>Returns the page for a room that has no stored messages.</summary>
    internal static HistoryPage OfEmptyRoom(MessagePosition? after) =>
        new([], MessagePosition.None, 0, Plan(MessagePosition.None, 0, after).Restarted);
}
