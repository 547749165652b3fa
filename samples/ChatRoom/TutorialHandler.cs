namespace ChatRoom;

/// <summary>The tutorial's first handler: confirms each message to its sender and broadcasts it to everyone else.</summary>
internal sealed class TutorialHandler : WebSocketHandler
{
    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        await SendAsync("我收到了你的消息：" + message.Text);
        await BroadcastAsync(message.Text, new BroadcastOptions { Audience = Audience.Others });
    }
}
