using System.Collections.Immutable;

namespace ChatKit.Backplane;

/// <summary>The subscribers of one room. When the last subscriber leaves, the topic ends and the room's next subscriber creates a new one.</summary>
/// <param name="history">Stores the messages.</param>
/// <param name="deliver">Delivers a message to whoever is subscribed to a room by then.</param>
internal sealed class Topic(IMessageHistory history, Action<string, ChatMessage> deliver)
{
    private readonly Lock _gate = new();
    private ImmutableArray<IBackplaneSubscriber> _subscribers = [];
    private bool _ended;

    /// <summary>Completes when the last message or change that was started, and all earlier ones, have been delivered or have failed.</summary>
    private Task _tail = Task.CompletedTask;

    /// <summary>
    /// Stores a message and delivers it after the messages that were started earlier. Appends run concurrently: if the store hangs, all of
    /// them time out together, and a distant store serves many at a time.
    /// </summary>
    public async ValueTask<MessagePosition> StoreAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        ValueTask<AppendResult> appending;
        Task previous;
        TaskCompletionSource done;
        lock (_gate)
        {
            // Started under the lock, so that the store assigns positions in this order.
            appending = history.AppendAsync(room, message, capacity, cancellationToken);
            previous = _tail;
            if (appending.IsCompletedSuccessfully && previous.IsCompleted)
            {
                return Deliver(room, message, appending.Result);
            }

            done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _tail = done.Task;
        }

        try
        {
            var stored = await appending.ConfigureAwait(false);
            await previous.ConfigureAwait(false);
            return Deliver(room, message, stored);
        }
        finally
        {
            Complete(done, previous);
        }
    }

    /// <summary>Changes a message and delivers the change after the messages and changes that were started earlier.</summary>
    public async ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken)
    {
        ValueTask<ChangeResult> changing;
        Task previous;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            // Started under the lock, so that the store assigns revisions in this order.
            changing = history.ChangeAsync(room, change, cancellationToken);
            (previous, _tail) = (_tail, done.Task);
        }

        try
        {
            var result = await changing.ConfigureAwait(false);
            await previous.ConfigureAwait(false);
            if (result is { Outcome: ChangeOutcome.Changed, Message: { } message })
                deliver(room, message);
            return result;
        }
        finally
        {
            Complete(done, previous);
        }
    }

    /// <summary>Delivers a message to the subscribers. Calls are serialized.</summary>
    public void Deliver(ChatMessage message)
    {
        lock (_gate)
        {
            foreach (var subscriber in _subscribers)
                subscriber.OnMessage(message);
        }
    }

    /// <summary>Delivers an announcement to the subscribers, in one order with the messages.</summary>
    public void Announce(ReadOnlyMemory<byte> announcement)
    {
        lock (_gate)
        {
            foreach (var subscriber in _subscribers)
                subscriber.OnAnnouncement(announcement);
        }
    }

    private static void Complete(TaskCompletionSource done, Task previous)
    {
        if (previous.IsCompleted)
            done.SetResult();
        else
            _ = previous.ContinueWith(static (_, done) => ((TaskCompletionSource)done!).SetResult(), done, TaskScheduler.Default);
    }

    private MessagePosition Deliver(string room, ChatMessage message, AppendResult stored)
    {
        if (stored.IsNew)
            deliver(room, stored.Place(message));
        return stored.Position;
    }

    /// <summary>Adds a subscriber. Returns false if the topic has ended.</summary>
    public bool TryAdd(IBackplaneSubscriber subscriber)
    {
        lock (_gate)
        {
            if (!_ended)
                _subscribers = _subscribers.Add(subscriber);
            return !_ended;
        }
    }

    /// <summary>Removes a subscriber. Returns true if it was the last one; the topic has then ended.</summary>
    public bool RemoveAndCloseIfEmpty(IBackplaneSubscriber subscriber)
    {
        lock (_gate)
        {
            _subscribers = _subscribers.Remove(subscriber);
            return _ended = _subscribers.IsEmpty;
        }
    }
}
