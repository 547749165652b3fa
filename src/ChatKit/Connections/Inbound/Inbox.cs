using System.Threading.Tasks.Sources;
using ChatKit.ChatKitV1;

namespace ChatKit.Connections.Inbound;

/// <summary>
/// The messages that a client has sent and its handler has not taken yet, for one reader. The reader continues on another
/// thread, so that it never holds up the writer. A waiting reader holds only this object.
/// </summary>
/// <param name="limit">The maximum number of messages.</param>
internal sealed class Inbox(int limit) : IValueTaskSource<bool>
{
    private readonly Queue<InboundMessage> _messages = new();
    private ManualResetValueTaskSourceCore<bool> _arrival = new() { RunContinuationsAsynchronously = true };
    private TaskCompletionSource? _space;
    private bool _isAwaited;
    private bool _completed;
    private TaskCompletionSource? _end;
    private bool _finished;

    /// <summary>Adds a message. Returns false if the inbox is full. Drops a message that arrives after the end.</summary>
    public bool TryWrite(InboundMessage message) => TryWrite(message, limit);

    private bool TryWrite(InboundMessage message, int most)
    {
        lock (_messages)
        {
            if (_completed)
                return true;
            if (_messages.Count >= most)
                return false;
            _messages.Enqueue(message);
            if (!_isAwaited)
                return true;
            _isAwaited = false;
        }

        _arrival.SetResult(true);
        return true;
    }

    /// <summary>Adds a request of the server even if the inbox is full. Drops it after the end.</summary>
    public void Post(InboundMessage request) => TryWrite(request, int.MaxValue);

    /// <summary>Waits until there is space, or until the end.</summary>
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

    /// <summary>
    /// Waits for a message. Returns false if there is none and none will follow. The caller must await the result once before the next
    /// call.
    /// </summary>
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

    /// <summary>Ends the input. The reader can still take the messages in the inbox.</summary>
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

    /// <summary>Signals that the reader handles no more messages.</summary>
    public void Finish()
    {
        Complete();
        lock (_messages)
        {
            _finished = true;
            _end?.TrySetResult();
        }
    }

    /// <summary>Waits until the reader has finished.</summary>
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
