using System.Collections.Concurrent;

namespace ChatKit.AspNetCore.Tests;

/// <summary>The callbacks of a <see cref="ScriptedHandler"/>, and the events it received. It echoes by default.</summary>
internal sealed class Script
{
    private readonly TaskCompletionSource<CloseInfo> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<WebSocketConnection> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A script that broadcasts every message to everyone.</summary>
    public static Script Broadcasting => new() { Message = static (connection, message) => connection.BroadcastAsync(message.Text) };

    public Func<WebSocketConnection, ValueTask> Open { get; init; } = static _ => ValueTask.CompletedTask;

    public Func<string, bool> Authorize { get; init; } = static _ => true;

    public Func<WebSocketConnection, WebSocketMessage, ValueTask> Message { get; init; } =
        static (connection, message) => connection.SendAsync(message.Text);

    public Func<CloseInfo, ValueTask> Close { get; init; } = static _ => ValueTask.CompletedTask;

    /// <summary>The first connection that was opened.</summary>
    public Task<WebSocketConnection> Opened => _opened.Task.Soon();

    /// <summary>The close information of the first connection that ended.</summary>
    public Task<CloseInfo> Closed => _closed.Task.Soon();

    /// <summary>The callbacks in the order in which they ended.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    public async ValueTask OnOpenAsync(WebSocketConnection connection)
    {
        Calls.Enqueue("open");
        _opened.TrySetResult(connection);
        await Open(connection);
    }

    public async ValueTask OnCloseAsync(CloseInfo close)
    {
        await Close(close);
        Calls.Enqueue("close");
        _closed.TrySetResult(close);
    }
}

internal sealed class ScriptedHandler(Script script) : WebSocketHandler
{
    protected override ValueTask OnOpenAsync() => script.OnOpenAsync(Connection);

    protected override ValueTask<bool> AuthorizeRoomAsync(string room) => ValueTask.FromResult(script.Authorize(room));

    protected override ValueTask OnMessageAsync(WebSocketMessage message) => script.Message(Connection, message);

    protected override ValueTask OnCloseAsync(CloseInfo close) => script.OnCloseAsync(close);
}

/// <summary>The handler of the README.</summary>
internal sealed class ChatRoom : WebSocketHandler
{
    protected override ValueTask OnMessageAsync(WebSocketMessage message) => BroadcastAsync(message.Text);
}
