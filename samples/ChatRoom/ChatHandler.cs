namespace ChatRoom;

/// <summary>The handler of a chat room: broadcasts each message to everyone.</summary>
internal sealed partial class ChatHandler(ILogger<ChatHandler> logger) : WebSocketHandler
{
    private string Name => Connection.UserId!;

    protected override ValueTask OnOpenAsync()
    {
        LogOpened(Name, Room);
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        if (string.IsNullOrWhiteSpace(message.Text))
            return;

        LogMessage(Name, Room, message.Text);
        await BroadcastAsync(message.Text);
    }

    protected override ValueTask OnCloseAsync(CloseInfo close)
    {
        LogClosed(Name, Room, (int)close.Code);
        return ValueTask.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Information, "{Name} entered {Room}.")]
    private partial void LogOpened(LogText name, LogText room);

    [LoggerMessage(2, LogLevel.Debug, "{Name} in {Room}: {Text}")]
    private partial void LogMessage(LogText name, LogText room, LogText text);

    [LoggerMessage(3, LogLevel.Information, "{Name} left {Room} ({Code}).")]
    private partial void LogClosed(LogText name, LogText room, int code);
}
