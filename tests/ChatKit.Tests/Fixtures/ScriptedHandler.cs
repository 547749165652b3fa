using System.Collections.Concurrent;
using System.Net.WebSockets;
using Microsoft.Extensions.DependencyInjection;

namespace ChatKit.Tests.Fixtures;

/// <summary>A handler that does what the test says, tells what was called, and notices callbacks that overlap.</summary>
internal sealed class ScriptedHandler : WebSocketHandler
{
    private readonly TaskCompletionSource<CloseInfo> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;

    public Func<ScriptedHandler, ValueTask> Open { get; init; } = static _ => ValueTask.CompletedTask;

    public Func<ScriptedHandler, WebSocketMessage, ValueTask> Message { get; init; } = static (_, _) => ValueTask.CompletedTask;

    /// <summary>Null to do what a handler does by default.</summary>
    public Func<ScriptedHandler, RoomSignal, ValueTask>? Signal { get; init; }

    public Func<ScriptedHandler, CloseInfo, ValueTask> Close { get; init; } = static (_, _) => ValueTask.CompletedTask;

    public Func<ScriptedHandler, string, ValueTask<bool>> Authorize { get; init; } = static (_, _) => ValueTask.FromResult(true);

    /// <summary>Null: the default, which refuses.</summary>
    public Func<ScriptedHandler, EditRequest, ValueTask>? Edit { get; init; }

    /// <summary>Null: the default, which refuses.</summary>
    public Func<ScriptedHandler, DeleteRequest, ValueTask>? Delete { get; init; }

    /// <summary>What was called: <c>open</c>, the messages' texts, <c>close</c>.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    public ConcurrentQueue<WebSocketMessage> Messages { get; } = new();

    /// <summary>The rooms that the handler was asked about.</summary>
    public ConcurrentQueue<string> AuthorizeCalls { get; } = new();

    /// <summary>Whether two callbacks ever ran at the same time.</summary>
    public bool Overlapped { get; private set; }

    /// <summary>How the connection ended, as soon as the handler was told.</summary>
    public Task<CloseInfo> Closed => _closed.Task;

    public new WebSocketConnection Connection => base.Connection;

    public string HomeRoom => Room;

    public ValueTask Send(string text, CancellationToken cancellationToken = default) => SendAsync(text, cancellationToken);

    public ValueTask Send(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) => SendAsync(data, cancellationToken);

    public ValueTask Broadcast(string text, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync(text, options, cancellationToken);

    public ValueTask Broadcast(ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync(data, options, cancellationToken);

    public ValueTask<MessagePosition?> Publish(string text, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(text, options, cancellationToken);

    public ValueTask<MessagePosition?> Publish(
        ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(data, options, cancellationToken);

    public ValueTask<bool> Change(MessagePosition position, string text, string? room = null) => EditAsync(position, text, room);

    public ValueTask<bool> Remove(MessagePosition position, string? room = null) => DeleteAsync(position, room);

    public ValueTask SendSignal(string name, string? data = null, string? room = null) => SignalAsync(name, data, room);

    public AsyncServiceScope NewScope() => CreateScope();

    public ValueTask Join(string room, CancellationToken cancellationToken = default) => JoinAsync(room, cancellationToken);

    public ValueTask Leave(string room) => LeaveAsync(room);

    public ValueTask CloseConnection(WebSocketCloseStatus status, string? reason = null) => CloseAsync(status, reason);

    public ValueTask CloseConnection(int status, string? reason = null) => CloseAsync((WebSocketCloseStatus)status, reason);

    protected internal override ValueTask OnOpenAsync() => RunAsync("open", () => Open(this));

    protected internal override ValueTask<bool> AuthorizeRoomAsync(string room)
    {
        AuthorizeCalls.Enqueue(room);
        return Authorize(this, room);
    }

    protected internal override ValueTask OnEditAsync(EditRequest request) => Edit?.Invoke(this, request) ?? base.OnEditAsync(request);

    protected internal override ValueTask OnDeleteAsync(DeleteRequest request) => Delete?.Invoke(this, request) ?? base.OnDeleteAsync(request);

    protected internal override ValueTask OnMessageAsync(WebSocketMessage message)
    {
        Messages.Enqueue(message);
        return RunAsync(message.Text, () => Message(this, message));
    }

    protected internal override ValueTask OnSignalAsync(RoomSignal signal) =>
        RunAsync($"signal {signal.Name}", () => Signal is null ? base.OnSignalAsync(signal) : Signal(this, signal));

    protected internal override async ValueTask OnCloseAsync(CloseInfo close)
    {
        try
        {
            await RunAsync("close", () => Close(this, close));
        }
        finally
        {
            _closed.TrySetResult(close);
        }
    }

    private async ValueTask RunAsync(string call, Func<ValueTask> callback)
    {
        Overlapped |= Interlocked.Increment(ref _running) != 1;
        Calls.Enqueue(call);
        try
        {
            await callback();
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
