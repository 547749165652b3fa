var builder = WebApplication.CreateBuilder(args);
builder.Services.AddChatKit();                       // .AddRedis("localhost:6379") to share rooms between nodes
var app = builder.Build();
app.MapWebSocketHandler<ChatRoom>("/chat/{room}");   // the route value "room" names the home room
app.Run();

public sealed class ChatRoom : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}
