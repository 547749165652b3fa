using System.Runtime.InteropServices;

namespace ChatKit.Redis;

/// <summary>
/// The messages of one room that this node appends. While a call is in progress, messages wait and are then appended together in the next
/// call. A message goes at once if no call is in progress, and those that wait go at once if they fill a call.
/// </summary>
/// <remarks>
/// Calls are sent under the lock, so Redis runs them in the order of the queue. To keep a command for the same room behind the messages,
/// send those that wait first: <see cref="Flush"/>.
/// </remarks>
internal sealed class RedisAppendQueue
{
    /// <summary>The maximum number of messages in a call. More would save little, and Redis runs nothing else in the meantime.</summary>
    public const int MaxMessages = 64;

    /// <summary>The size of the entries in bytes at which a call is full.</summary>
    public const int MaxBytes = 256 * 1024;

    private readonly Lock _gate = new();
    private Batch? _waiting;
    private int _calls;
    private bool _isClosed;

    /// <summary>Appends a message, now or in the next call.</summary>
    /// <param name="room">The room.</param>
    /// <param name="appender">Makes the calls.</param>
    /// <param name="message">The message.</param>
    /// <param name="index">The place of the message in the answer.</param>
    /// <returns>The answer of the call.</returns>
    public Task<RedisAppendAnswer> Add(RedisRoom room, RedisAppender appender, RedisAppend message, out int index)
    {
        lock (_gate)
        {
            if (_calls == 0 || _isClosed)
            {
                index = 0;
                _calls++;
                return appender.AppendAsync(room, [message], this);
            }

            if (_waiting is { } waiting && !waiting.Accepts(message))
                SendWaiting();
            _waiting ??= new Batch(room, appender);
            index = _waiting.Add(message);
            return _waiting.Task;
        }
    }

    /// <summary>Sends the messages that wait, so that what is sent afterwards comes after them.</summary>
    public void Flush()
    {
        lock (_gate)
            SendWaiting();
    }

    /// <summary>Sends the messages that wait, and from now on each message at once, because the room will have another queue.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            SendWaiting();
        }
    }

    public void OnCallEnded()
    {
        lock (_gate)
        {
            if (--_calls == 0)
                SendWaiting();
        }
    }

    private void SendWaiting()
    {
        if (_waiting is not { } batch)
            return;
        _waiting = null;
        _calls++;
        _ = batch.SendAsync(this);
    }

    /// <summary>The messages of the next call. Its task runs continuations asynchronously, so no publisher delays another.</summary>
    private sealed class Batch(RedisRoom room, RedisAppender appender)
        : TaskCompletionSource<RedisAppendAnswer>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private readonly List<RedisAppend> _messages = [];
        private int _bytes;

        public bool Accepts(in RedisAppend message) =>
            _messages.Count < MaxMessages && _bytes + message.Entry.Length <= MaxBytes && message.Publish == _messages[0].Publish;

        public int Add(in RedisAppend message)
        {
            _messages.Add(message);
            _bytes += message.Entry.Length;
            return _messages.Count - 1;
        }

        public async Task SendAsync(RedisAppendQueue queue)
        {
            try
            {
                SetResult(await appender.AppendAsync(room, CollectionsMarshal.AsSpan(_messages), queue).ConfigureAwait(false));
            }
            catch (Exception e)
            {
                // Publishers that no longer wait don't observe it.
                SetException(e);
                _ = Task.Exception;
            }
        }
    }
}
