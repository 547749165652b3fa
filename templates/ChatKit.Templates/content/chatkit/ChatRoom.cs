public sealed class ChatRoom : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}
