namespace TeamChat;

internal sealed class ChatHandler : WebSocketHandler
{
    protected override ValueTask<bool> AuthorizeRoomAsync(string room) =>
        ValueTask.FromResult(RoomPolicy.MayEnter(Connection.UserId!, room));

    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);

    protected override ValueTask OnSignalAsync(RoomSignal signal) => SignalAsync(signal.Name, room: signal.Room);
}
