using System.Net.WebSockets;

namespace ChatKit.StressTests.Serving;

/// <summary>A chat room whose clients can also request other rooms, an echo, and to be closed.</summary>
internal sealed class StressHandler(ServerState state) : WebSocketHandler
{
    public const string Join = "/join ";
    public const string Leave = "/leave ";
    public const string Echo = "/echo ";
    public const string Close = "/close";

    /// <summary>A limit below that of a connection. At this number of rooms, the client leaves the room that it joined first.</summary>
    private const int MaxRooms = 100;

    private readonly Queue<string> _joined = new();

    protected override ValueTask OnOpenAsync()
    {
        state.Opened();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask OnMessageAsync(WebSocketMessage message)
    {
        state.Handled();
        if (message.Type == WebSocketMessageType.Binary)
            return BroadcastAsync(message.Data);
        var text = message.Text;
        if (!text.StartsWith('/'))
            return BroadcastAsync(text);
        if (After(text, Join) is { } room)
            return JoinOneAsync(room);
        if (After(text, Leave) is { } left)
            return LeaveAsync(left);
        if (After(text, Echo) is { } echo)
            return SendAsync(echo);
        return text == Close ? CloseAsync(WebSocketCloseStatus.NormalClosure) : SendAsync("what?");
    }

    protected override ValueTask OnSignalAsync(RoomSignal signal) => SignalAsync(signal.Name, signal.Data, signal.Room);

    protected override ValueTask OnCloseAsync(CloseInfo close)
    {
        state.Closed();
        return ValueTask.CompletedTask;
    }

    private async ValueTask JoinOneAsync(string room)
    {
        if (_joined.Count == MaxRooms)
            await LeaveAsync(_joined.Dequeue());
        try
        {
            await JoinAsync(room);
            _joined.Enqueue(room);
        }
        catch (ArgumentException e)
        {
            await SendAsync(e.Message);
        }
    }

    private static string? After(string text, string command) =>
        text.StartsWith(command, StringComparison.Ordinal) ? text[command.Length..] : null;
}
