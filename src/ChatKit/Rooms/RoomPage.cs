namespace ChatKit.Rooms;

/// <summary>A page of a room's history whose messages are encoded once, for all members that receive it.</summary>
/// <param name="History">The page.</param>
/// <param name="Items">Its messages.</param>
/// <param name="Changes">The changed messages among those before it.</param>
internal sealed record RoomPage(HistoryPage History, IReadOnlyList<RoomItem> Items, IReadOnlyList<RoomItem> Changes)
{
    public MessagePosition Top => History.Top;

    /// <inheritdoc cref="HistoryPage.Start"/>
    public MessagePosition Start => History.Start;

    /// <inheritdoc cref="HistoryPage.Revision"/>
    public long Revision => History.Revision;

    public static RoomPage Of(HistoryPage page) => new(page, ItemsOf(page.Messages), ItemsOf(page.Changes));

    private static RoomItem[] ItemsOf(IReadOnlyList<ChatMessage> messages) =>
        messages.Count == 0 ? [] : [.. messages.Select(static message => new RoomItem(message))];
}
