using System.Threading.Tasks.Sources;
using ChatKit.ChatKitV1;

namespace ChatKit.Connections.Inbound;

/// <summary>
/// What a client has sent and its handler has not taken yet. One writes, one reads. Whoever reads runs on a thread of its own, so
/// that one who writes goes on whatever the reader does, and holds nothing while it waits but this object.
/// </summary>
/// <param name="limit">How many messages it takes.</param>
internal sealed class Inbox(int limit) : IValueTaskSource<bool>
{
    private readonly Queue<InboundMessage> _messages = new();
    private ManualResetValueTaskSourceCore<bool> _arrival = new() { RunContinuationsAsynchronously = true };
    private TaskCompletionSource? _space;
    private bool _isAwaited;
    private bool _completed;
    private TaskCompletionSource? _end;
    private bool _finished;

    /// <summary>Adds a message. False if there is no room for it. One that comes after the end is dropped.</summary>
    public bool TryWrite(InboundMessage message)
    {
        lock (_messages)
        {
            if (_completed)
                return true;
            if (_messages.Count >= limit)
                return false;
            _messages.Enqueue(message);
            if (!_isAwaited)
                return true;
            _isAwaited = false;
        }

        _arrival.SetResult(true);
        return true;
    }

    /// <summary>Waits until there is room, or the end.</summary>
    public Task WaitToWriteAsync()
    {
        lock (_messages)
        {
            if (_completed || _messages.Count < limit)
                return Task.CompletedTask;
            return (_space ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    public bool TryRead(out InboundMessage message)
    {
        TaskCompletionSource? space;
        lock (_messages)
        {
            if (!_messages.TryDequeue(out message))
                return false;
            (space, _space) = (_space, null);
        }

        space?.SetResult();
        return true;
    }

    /// <summary>Waits for a message. False if none is there and none will come. To be awaited once before it is called again.</summary>
    public ValueTask<bool> WaitToReadAsync()
    {
        lock (_messages)
        {
            if (_messages.Count > 0 || _completed)
                return ValueTask.FromResult(_messages.Count > 0);
            _arrival.Reset();
            _isAwaited = true;
            return new ValueTask<bool>(this, _arrival.Version);
        }
    }

    /// <summary>Nothing comes any more. What is there can still be read.</summary>
    public void Complete()
    {
        TaskCompletionSource? space;
        bool isAwaited;
        lock (_messages)
        {
            _completed = true;
            (space, _space) = (_space, null);
            (isAwaited, _isAwaited) = (_isAwaited, false);
        }

        space?.SetResult();
        if (isAwaited)
            _arrival.SetResult(false);
    }

    /// <summary>The one who reads has dealt with what it will ever deal with.</summary>
    public void Finish()
    {
        Complete();
        lock (_messages)
        {
            _finished = true;
            _end?.TrySetResult();
        }
    }

    /// <summary>Waits until the one who reads has finished.</summary>
    public Task WaitUntilFinishedAsync()
    {
        lock (_messages)
        {
            return _finished
                ? Task.CompletedTask
                : (_end ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _arrival.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _arrival.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _arrival.OnCompleted(continuation, state, token, flags);
}
