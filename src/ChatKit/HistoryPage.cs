namespace ChatKit;

/// <summary>What a room has stored after a position, as of one instant.</summary>
/// <param name="Messages">The messages, oldest first, with contiguous positions; the last one is at <paramref name="Top"/>.</param>
/// <param name="Top">The room's last position; <see cref="MessagePosition.None"/> if the room is empty.</param>
/// <param name="Missed">How many messages after the reader's position are no longer stored. 0 if the reader named no position.</param>
/// <param name="Restarted">
/// Whether the reader's position is not of the room's present stream: it has another epoch, or lies beyond the top. The page then
/// holds everything stored, and <paramref name="Missed"/> counts what is gone of the present stream only.
/// </param>
public sealed record HistoryPage(IReadOnlyList<ChatMessage> Messages, MessagePosition Top, long Missed, bool Restarted)
{
    /// <summary>The page of a reader, for those who implement <see cref="IMessageHistory"/>.</summary>
    /// <param name="stored">Everything that the room has stored, oldest first, with contiguous positions up to <paramref name="top"/>.</param>
    /// <param name="top">The room's last position; <see cref="MessagePosition.None"/> if the room is empty.</param>
    /// <param name="after">The last position the reader knows; null if it knows none.</param>
    public static HistoryPage After(IReadOnlyList<ChatMessage> stored, MessagePosition top, MessagePosition? after)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var (count, missed, restarted) = Plan(top, stored.Count, after);
        return new HistoryPage([.. stored.Skip(stored.Count - count)], top, missed, restarted);
    }

    /// <summary>
    /// What a reader has to be given, by arithmetic alone: contiguous sequences make every history's answer the same function of
    /// the top, the number stored and the reader's position.
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

    /// <summary>What a reader is given of a room in which nothing is stored.</summary>
    internal static HistoryPage OfEmptyRoom(MessagePosition? after) =>
        new([], MessagePosition.None, 0, Plan(MessagePosition.None, 0, after).Restarted);
}
