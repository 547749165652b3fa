var builder = WebApplication.CreateBuilder(args);
builder.Services.AddChatKit();
var app = builder.Build();
app.UseFileServer();                      // wwwroot/index.html
app.MapWebSocketHandler<Chat>("/ws", options => options.HistoryCapacity = 0);
app.Run();

public sealed class Chat(ILogger<Chat> logger) : WebSocketHandler
{
    protected override ValueTask OnOpenAsync()
    {
        logger.LogInformation("opened");
        return ValueTask.CompletedTask;
    }

    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);

    protected override ValueTask OnCloseAsync(CloseInfo close)
    {
        logger.LogInformation("closed");
        return ValueTask.CompletedTask;
    }
}
