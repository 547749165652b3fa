namespace ChatKit.Rooms.Reads;

/// <summary>What a user has read of a room.</summary>
/// <param name="Read">The user's cursor; null if it has none in the room's stream.</param>
/// <param name="Top">The room's last position at that time.</param>
/// <param name="Unread">The number of stored messages behind the cursor at that time; of all stored messages if there is no cursor.</param>
internal sealed record ReadState(MessagePosition? Read, MessagePosition Top, int Unread)
{
    /// <summary>Creates the state from the page that a history returns for a cursor.</summary>
    public static ReadState Of(MessagePosition? cursor, HistoryPage page) =>
        new(cursor is { Sequence: > 0 } read && read.Epoch == page.Top.Epoch ? read : null, page.Top, page.Messages.Count);

    /// <summary>The number of unread messages when the room's last position is another one.</summary>
    public int UnreadAt(MessagePosition position) =>
        position.Sequence == 0 || !position.IsOfStream(Top) ? Unread : (int)Math.Max(0, Unread + position.Sequence - Top.Sequence);
}
