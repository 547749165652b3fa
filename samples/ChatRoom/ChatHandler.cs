namespace ChatRoom;

/// <summary>
/// The handler of chat rooms: broadcasts each message to everyone in its room, lets authors change their messages, and passes on who is typing.
/// </summary>
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

        LogMessage(Name, message.Room, message.Text);
        await BroadcastAsync(message.Text);
    }

    protected override async ValueTask OnEditAsync(EditRequest request)
    {
        RequireAuthor(request.Original);
        if (!string.IsNullOrWhiteSpace(request.Message.Text))
            await EditAsync(request.Position, request.Message.Text, request.Room);
    }

    protected override async ValueTask OnDeleteAsync(DeleteRequest request)
    {
        RequireAuthor(request.Original);
        await DeleteAsync(request.Position, request.Room);
    }

    protected override ValueTask OnSignalAsync(RoomSignal signal) =>
        signal.Name == "typing" ? SignalAsync(signal.Name, room: signal.Room) : base.OnSignalAsync(signal);

    protected override ValueTask OnCloseAsync(CloseInfo close)
    {
        LogClosed(Name, Room, (int)close.Code);
        return ValueTask.CompletedTask;
    }

    private void RequireAuthor(ChatMessage original)
    {
        if (original.From != Name)
            throw new MessageRefusedException("forbidden", "You can change only your own messages.");
    }

    [LoggerMessage(1, LogLevel.Information, "{Name} entered {Room}.")]
    private partial void LogOpened(LogText name, LogText room);

    [LoggerMessage(2, LogLevel.Debug, "{Name} in {Room}: {Text}")]
    private partial void LogMessage(LogText name, LogText room, LogText text);

    [LoggerMessage(3, LogLevel.Information, "{Name} left {Room} ({Code}).")]
    private partial void LogClosed(LogText name, LogText room, int code);
}
