namespace ChatKit.Snippets;

public sealed class TenantRooms : WebSocketHandler
{
    protected override ValueTask<bool> AuthorizeRoomAsync(string room) =>
        ValueTask.FromResult(Connection.User.FindFirst("tenant") is { } tenant && room.StartsWith($"{tenant.Value}/", StringComparison.Ordinal));

    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}

public sealed class Conversations(IRoomBroadcaster rooms)
{
    public static string RoomOf(string one, string other) =>
        string.CompareOrdinal(one, other) < 0 ? $"dm:{one}:{other}" : $"dm:{other}:{one}";

    public async Task OpenAsync(string one, string other)
    {
        var room = RoomOf(one, other);
        await rooms.JoinUserAsync(one, room);
        await rooms.JoinUserAsync(other, room);
    }
}
