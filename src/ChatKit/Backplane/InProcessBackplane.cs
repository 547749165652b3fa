using System.Collections.Concurrent;

namespace ChatKit.Backplane;

/// <summary>Delivers messages directly to the subscribers in this process.</summary>
internal sealed class InProcessBackplane : IBackplane
{
    private readonly ConcurrentDictionary<string, Topic> _topics = new();
    private readonly Func<string, Topic> _createTopic;
    private readonly IMessageHistory _history;

    public InProcessBackplane(IMessageHistory history)
    {
        _history = history;
        Action<string, ChatMessage> deliver = Deliver;
        _createTopic = _ => new Topic(history, deliver);
    }

    public ValueTask<MessagePosition?> PublishAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        if (capacity != 0)
            return StoreAsync(room, message, capacity, cancellationToken);

        Deliver(room, message);
        return ValueTask.FromResult<MessagePosition?>(null);
    }

    public async ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken)
    {
        if (_topics.TryGetValue(room, out var topic))
            return await topic.ChangeAsync(room, change, cancellationToken).ConfigureAwait(false);

        var result = await _history.ChangeAsync(room, change, cancellationToken).ConfigureAwait(false);
        if (result is { Outcome: ChangeOutcome.Changed, Message: { } message })
            Deliver(room, message);
        return result;
    }

    public ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken)
    {
        if (_topics.TryGetValue(room, out var topic))
            topic.Announce(announcement);
        return ValueTask.CompletedTask;
    }

    public ValueTask<int?> AnnounceToAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken)
    {
        var isSubscribed = _topics.TryGetValue(room, out var topic);
        topic?.Announce(announcement);
        return ValueTask.FromResult<int?>(isSubscribed ? 1 : 0);
    }

    public ValueTask<IAsyncDisposable> SubscribeAsync(
        string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken)
    {
        while (true)
        {
            var topic = _topics.GetOrAdd(room, _createTopic);
            if (topic.TryAdd(subscriber))
                return ValueTask.FromResult<IAsyncDisposable>(new Subscription(this, room, topic, subscriber));
        }
    }

    /// <summary>
    /// Delivers a message to the current subscribers. A subscriber that joined in the meantime may have read the history before the
    /// message was stored.
    /// </summary>
    private void Deliver(string room, ChatMessage message)
    {
        if (_topics.TryGetValue(room, out var topic))
            topic.Deliver(message);
    }

    private async ValueTask<MessagePosition?> StoreAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        if (_topics.TryGetValue(room, out var topic))
            return await topic.StoreAsync(room, message, capacity, cancellationToken).ConfigureAwait(false);

        var stored = await _history.AppendAsync(room, message, capacity, cancellationToken).ConfigureAwait(false);
        if (stored.IsNew)
            Deliver(room, stored.Place(message));
        return stored.Position;
    }

    private void Remove(string room, Topic topic, IBackplaneSubscriber subscriber)
    {
        if (topic.RemoveAndCloseIfEmpty(subscriber))
            _topics.TryRemove(KeyValuePair.Create(room, topic));
    }

    private sealed class Subscription(InProcessBackplane backplane, string room, Topic topic, IBackplaneSubscriber subscriber)
        : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            backplane.Remove(room, topic, subscriber);
            return ValueTask.CompletedTask;
        }
    }
}
