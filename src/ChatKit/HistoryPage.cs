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
    /// <summary>The position before the first message.</summary>
    internal MessagePosition Start => Top with { Sequence = Top.Sequence - Messages.Count };

    /// <summary>Creates the page for a reader. Use it to implement <see cref="IMessageHistory"/>.</summary>
    /// <param name="stored">All messages that the room has stored, oldest first, with contiguous positions up to <paramref name="top"/>.</param>
    /// <param name="top">The room's last position; <see cref="MessagePosition.None"/> if the room is empty.</param>
    /// <param name="after">The reader's last position; null if it has none.</param>
    public static HistoryPage After(IReadOnlyList<ChatMessage> stored, MessagePosition top, MessagePosition? after)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var (count, missed, restarted) = Plan(top, stored.Count, after);
        return new HistoryPage([.. stored.Skip(stored.Count - count)], top, missed, restarted);
    }

    /// <summary>
    /// Computes what a reader receives. Because sequences are contiguous, the result depends only on the top, the number of stored messages
    /// and the reader's position, whatever the history.
    /// </summary>
    internal static (int Count, long Missed, bool Restarted) Plan(MessagePosition top, long stored, MessagePosition? after)
    {
        if (after is not { } known)
            return ((int)stored, 0, false);

        var restarted = !known.IsOfStream(top) || known.Sequence > top.Sequence;
        var wanted = restarted ? top.Sequence : top.Sequence - known.Sequence;
        var count = Math.Min(wanted, stored);
        return ((int)count, wanted - count, restarted);
    }

    /// <summary>Returns the page for a room that has no stored messages.</summary>
    internal static HistoryPage OfEmptyRoom(MessagePosition? after) =>
        new([], MessagePosition.None, 0, Plan(MessagePosition.None, 0, after).Restarted);
}
