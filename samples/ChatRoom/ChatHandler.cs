namespace ChatRoom;

/// <summary>A person in a chat room: says what is typed to everyone, and announces who comes and goes.</summary>
internal sealed partial class ChatHandler(ILogger<ChatHandler> logger) : WebSocketHandler
{
    private string Name => Connection.UserId!;

    protected override async ValueTask OnOpenAsync()
    {
        LogOpened(Name, Room);
        await AnnounceAsync("joined");
    }

    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        if (string.IsNullOrWhiteSpace(message.Text))
            return;

        LogMessage(Name, Room, message.Text);
        await BroadcastAsync(message.Text);
    }

    protected override async ValueTask OnCloseAsync(CloseInfo close)
    {
        LogClosed(Name, Room, (int)close.Code);
        await AnnounceAsync("left");
    }

    /// <summary>What is not stored has no position: so the page knows it from what people say.</summary>
    private ValueTask AnnounceAsync(string what) => BroadcastAsync($"{Name} {what}", new BroadcastOptions { Store = false });

    [LoggerMessage(1, LogLevel.Information, "{Name} entered {Room}.")]
    private partial void LogOpened(string name, string room);

    [LoggerMessage(2, LogLevel.Debug, "{Name} in {Room}: {Text}")]
    private partial void LogMessage(string name, string room, string text);

    [LoggerMessage(3, LogLevel.Information, "{Name} left {Room} ({Code}).")]
    private partial void LogClosed(string name, string room, int code);
}
