namespace ChatKit.Rooms;

/// <summary>A page of a room's history whose messages are encoded once, for all members that receive it.</summary>
/// <param name="History">The page.</param>
/// <param name="Items">Its messages.</param>
internal sealed record RoomPage(HistoryPage History, IReadOnlyList<RoomItem> Items)
{
    public MessagePosition Top => History.Top;

    /// <inheritdoc cref="HistoryPage.Start"/>
    public MessagePosition Start => History.Start;

    public static RoomPage Of(HistoryPage page) => new(page, [.. page.Messages.Select(static message => new RoomItem(message))]);
}
