var builder = WebApplication.CreateBuilder(args);
builder.Services.AddChatKit();
var app = builder.Build();
app.UseFileServer();                      // wwwroot/index.html
app.MapWebSocketHandler<Echo>("/ws");
app.Run();

public sealed class Echo(ILogger<Echo> logger) : WebSocketHandler
{
    protected override ValueTask OnOpenAsync()
    {
        logger.LogInformation("opened");
        return ValueTask.CompletedTask;
    }

    protected override ValueTask OnMessageAsync(WebSocketMessage message) => SendAsync($"echo: {message.Text}");

    protected override ValueTask OnCloseAsync(CloseInfo close)
    {
        logger.LogInformation("closed");
        return ValueTask.CompletedTask;
    }
}
