namespace ChatRoom;

/// <summary>A person in a chat room: says what is typed to everyone, and announces who comes and goes.</summary>
internal sealed partial class ChatHandler(ILogger<ChatHandler> logger, TimeProvider clock) : WebSocketHandler
{
    private const int MaxNameLength = 40;

    private string _name = "";

    protected override async ValueTask OnOpenAsync()
    {
        _name = NameFrom(Connection.GetHttpContext()?.Request.Query["name"]);
        LogOpened(_name, Room);
        await AnnounceAsync("joined");
    }

    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        var text = message.Text;
        if (string.IsNullOrWhiteSpace(text))
            return;

        LogMessage(_name, Room, text);
        try
        {
            await BroadcastAsync(new ChatEvent("message", clock.GetUtcNow(), Guid.CreateVersion7().ToString("n"), _name, text).ToJson());
        }
        catch (HistoryUnavailableException e)
        {
            LogNotStored(_name, Room, e.Message);
            await SendAsync(new ChatEvent("error", clock.GetUtcNow(), Text: "Your message could not be stored. Please try again.").ToJson());
        }
    }

    protected override async ValueTask OnCloseAsync(CloseInfo close)
    {
        LogClosed(_name, Room, (int)close.Code);
        await AnnounceAsync("left");
    }

    private ValueTask AnnounceAsync(string type) =>
        BroadcastAsync(new ChatEvent(type, clock.GetUtcNow(), From: _name).ToJson(), new BroadcastOptions { Store = false });

    /// <summary>What people call themselves, short enough to show and without characters that break lines.</summary>
    private static string NameFrom(string? name)
    {
        var clean = string.Concat((name ?? "").Where(c => !char.IsControl(c))).Trim();
        return clean.Length switch
        {
            0 => "Anonymous",
            > MaxNameLength => clean[..MaxNameLength],
            _ => clean,
        };
    }

    [LoggerMessage(1, LogLevel.Information, "{Name} entered {Room}.")]
    private partial void LogOpened(string name, string room);

    [LoggerMessage(2, LogLevel.Debug, "{Name} in {Room}: {Text}")]
    private partial void LogMessage(string name, string room, string text);

    [LoggerMessage(3, LogLevel.Information, "{Name} left {Room} ({Code}).")]
    private partial void LogClosed(string name, string room, int code);

    [LoggerMessage(4, LogLevel.Debug, "A message of {Name} in {Room} was not stored: {Problem}")]
    private partial void LogNotStored(string name, string room, string problem);
}
