using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace ChatKit.Testing.Tests.Server;

public sealed class Echo : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}

/// <summary>What a handler does next, and what it has done.</summary>
public sealed class Script
{
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>What opening waits for.</summary>
    public Task Open { get; set; } = Task.CompletedTask;

    /// <summary>What a message waits for.</summary>
    public Task Message { get; set; } = Task.CompletedTask;

    public Func<string, bool> Authorize { get; set; } = static _ => true;
}

/// <summary>A handler that is created from services, and does something for each kind of callback.</summary>
public sealed class Scripted(Script script) : WebSocketHandler
{
    protected override async ValueTask OnOpenAsync()
    {
        script.Calls.Enqueue($"open {Connection.UserId ?? "anonymous"} in {Room}");
        await script.Open;
        if (Connection.UserId == "banned")
            await CloseAsync(WebSocketCloseStatus.PolicyViolation, "you are banned");
    }

    protected override ValueTask<bool> AuthorizeRoomAsync(string room) => ValueTask.FromResult(script.Authorize(room));

    protected override async ValueTask OnMessageAsync(WebSocketMessage message)
    {
        await script.Message;
        switch (message.Text)
        {
            case "fail":
                throw new InvalidOperationException("a bug in the handler");
            case "refuse":
                throw new MessageRefusedException("muted", "You are muted.");
            case "who":
                var values = Connection.RouteValues.Select(static value => $"{value.Key}={value.Value}");
                await SendAsync($"{Connection.UserId}, {string.Join(' ', values)}");
                break;
            case "ephemeral":
                await BroadcastAsync("ephemeral", new BroadcastOptions { Store = false });
                break;
            default:
                await BroadcastAsync(message.Text);
                break;
        }
    }

    protected override async ValueTask OnEditAsync(EditRequest request) => await EditAsync(request.Position, request.Message.Text, request.Room);

    protected override async ValueTask OnDeleteAsync(DeleteRequest request) => await DeleteAsync(request.Position, request.Room);

    protected override ValueTask OnSignalAsync(RoomSignal signal) => SignalAsync(signal.Name, signal.Data, signal.Room);

    protected override ValueTask OnCloseAsync(CloseInfo close)
    {
        script.Calls.Enqueue($"close {(int)close.Code}");
        return ValueTask.CompletedTask;
    }
}
