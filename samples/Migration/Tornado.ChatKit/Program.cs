using TornadoChat;

var builder = WebApplication.CreateBuilder(args);
var redis = builder.Configuration["redis"] ?? "localhost:6379";
builder.Services.AddChatKit().AddRedis(redis);

var app = builder.Build();
app.MapWebSocketHandler<ChatHandler>("/chat/{room}");
if (builder.Configuration["import"] is { } room)
    await Import.RunAsync(redis, room, app.Services.GetRequiredService<IRoomBroadcaster>());
app.Run();

internal sealed class ChatHandler : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}
