using System.Collections.Immutable;

namespace ChatKit.Backplane;

/// <summary>The subscribers of one room. Once the last has gone it takes no more, and the room gets a new one.</summary>
internal sealed class Topic
{
    private readonly Lock _gate = new();
    private ImmutableArray<IBackplaneSubscriber> _subscribers = [];
    private bool _ended;

    /// <summary>Ends when the message that was begun last has been delivered or has failed, and so have those before it.</summary>
    private Task _last = Task.CompletedTask;

    /// <summary>
    /// Stores a message and delivers it after those that were begun before it. Nobody waits for the store to answer another: a store
    /// that hangs fails all at once, and one that is far away is asked for many at a time.
    /// </summary>
    public async ValueTask<MessagePosition> StoreAsync(
        InProcessBackplane backplane, string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        ValueTask<AppendResult> appending;
        Task before;
        TaskCompletionSource done;
        lock (_gate)
        {
            // Begun under the lock, so that the store gives positions in this order.
            appending = backplane.AppendAsync(room, message, capacity, cancellationToken);
            before = _last;
            if (appending.IsCompletedSuccessfully && before.IsCompleted)
            {
                return Deliver(backplane, room, message, appending.Result);
            }

            done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _last = done.Task;
        }

        try
        {
            var stored = await appending.ConfigureAwait(false);
            await before.ConfigureAwait(false);
            return Deliver(backplane, room, message, stored);
        }
        finally
        {
            if (before.IsCompleted)
                done.SetResult();
            else
                _ = before.ContinueWith(static (_, done) => ((TaskCompletionSource)done!).SetResult(), done, TaskScheduler.Default);
        }
    }

    /// <summary>Hands a message to the subscribers. One at a time, whoever publishes.</summary>
    public void Deliver(ChatMessage message)
    {
        lock (_gate)
        {
            foreach (var subscriber in _subscribers)
                subscriber.OnMessage(message);
        }
    }

    /// <summary>Hands an announcement to the subscribers, in one order with the messages.</summary>
    public void Announce(ReadOnlyMemory<byte> announcement)
    {
        lock (_gate)
        {
            foreach (var subscriber in _subscribers)
                subscriber.OnAnnouncement(announcement);
        }
    }

    private static MessagePosition Deliver(InProcessBackplane backplane, string room, ChatMessage message, AppendResult stored)
    {
        if (stored.IsNew)
            backplane.Deliver(room, message.WithPosition(stored.Position));
        return stored.Position;
    }

    /// <summary>Adds a subscriber. False if the topic has ended.</summary>
    public bool TryAdd(IBackplaneSubscriber subscriber)
    {
        lock (_gate)
        {
            if (!_ended)
                _subscribers = _subscribers.Add(subscriber);
            return !_ended;
        }
    }

    /// <summary>Removes a subscriber. True if it was the last, and the topic has ended.</summary>
    public bool RemoveAndCloseIfEmpty(IBackplaneSubscriber subscriber)
    {
        lock (_gate)
        {
            _subscribers = _subscribers.Remove(subscriber);
            return _ended = _subscribers.IsEmpty;
        }
    }
}
