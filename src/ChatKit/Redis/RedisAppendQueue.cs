using System.Runtime.InteropServices;

namespace ChatKit.Redis;

/// <summary>
/// The messages of one room that this node appends. While a call is in progress, messages wait and are then appended together in the next
/// call. If no call is in progress, a message goes at once; in a busy room, it first lets those join it that the thread pool is about to
/// handle.
/// </summary>
/// <remarks>
/// Calls are sent under the lock, so Redis runs them in the order of the queue. A command for the room that must come after the messages
/// has to call <see cref="Flush"/> first.
/// </remarks>
internal sealed class RedisAppendQueue(RedisRoom room) : IRedisCallListener, IThreadPoolWorkItem
{
    /// <summary>The maximum number of messages in a call. More save little, and Redis runs nothing else in the meantime.</summary>
    public const int MaxMessages = 64;

    /// <summary>The size of the entries in bytes at which a call is full. A larger message has a call of its own.</summary>
    public const int MaxBytes = 256 * 1024;

    private readonly Lock _gate = new();
    private Batch? _waiting;

    /// <summary>The number of calls in progress: more than one after <see cref="Flush"/>, or if the messages that waited filled a call.</summary>
    private int _calls;

    /// <summary>Whether the last call had several messages. The members of a room that is so busy often send at the same time.</summary>
    private bool _isBusy;

    private bool _isScheduled;
    private bool _isClosed;

    public RedisRoom Room => room;

    /// <summary>Appends a message, now or in the next call.</summary>
    /// <param name="appender">Makes the calls.</param>
    /// <param name="message">The message.</param>
    /// <param name="index">The place of the message in the answer.</param>
    /// <returns>The answer of the call.</returns>
    public Task<RedisAppendAnswer> Add(RedisAppender appender, RedisAppend message, out int index)
    {
        lock (_gate)
        {
            if (_isClosed || (_calls == 0 && !_isBusy))
            {
                index = 0;
                _calls++;
                return appender.AppendAsync(room, [message], this);
            }

            if (_waiting?.Accepts(message) == false)
                SendWaiting();
            _waiting ??= new Batch(appender);
            index = _waiting.Add(message);
            if (_calls == 0 && !_isScheduled)
            {
                _isScheduled = true;
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }

            return _waiting.Task;
        }
    }

    /// <summary>Sends the messages that wait, so that what is sent afterwards comes after them.</summary>
    public void Flush()
    {
        lock (_gate)
            SendWaiting();
    }

    /// <summary>Sends the messages that wait, and from now on each message at once: the room's next subscription has another queue.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            SendWaiting();
        }
    }

    void IRedisCallListener.OnCallEnded()
    {
        lock (_gate)
        {
            if (--_calls == 0)
                SendWaiting();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        lock (_gate)
        {
            _isScheduled = false;
            if (_calls == 0)
                SendWaiting();
        }
    }

    private void SendWaiting()
    {
        if (_waiting is not { } batch)
            return;
        _waiting = null;
        _isBusy = batch.Count > 1;
        _calls++;
        _ = batch.SendAsync(this);
    }

    /// <summary>The messages of the next call. Its task runs continuations asynchronously, so no publisher delays another.</summary>
    private sealed class Batch(RedisAppender appender)
        : TaskCompletionSource<RedisAppendAnswer>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private readonly List<RedisAppend> _messages = [];
        private int _bytes;

        public int Count => _messages.Count;

        public bool Accepts(RedisAppend message) =>
            Count < MaxMessages && _bytes + message.Entry.Length <= MaxBytes && message.Publish == _messages[0].Publish;

        /// <summary>Returns the place of the message in the answer.</summary>
        public int Add(RedisAppend message)
        {
            _messages.Add(message);
            _bytes += message.Entry.Length;
            return Count - 1;
        }

        public async Task SendAsync(RedisAppendQueue queue)
        {
            try
            {
                SetResult(await appender.AppendAsync(queue.Room, CollectionsMarshal.AsSpan(_messages), queue).ConfigureAwait(false));
            }
            catch (Exception e)
            {
                // If no publisher waits any longer, nobody else observes it.
                SetException(e);
                _ = Task.Exception;
            }
        }
    }
}
