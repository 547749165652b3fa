using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace ChatKit.Backplane;

/// <summary>Hands what is published straight to the subscribers of this process.</summary>
internal sealed class InProcessBackplane(IMessageHistory history) : IBackplane
{
    private readonly ConcurrentDictionary<string, Topic> _topics = new();

    public async ValueTask<MessagePosition?> PublishAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        if (capacity == 0)
        {
            if (_topics.TryGetValue(room, out var listeners))
                listeners.Deliver(message);
            return null;
        }

        // Without a listener there is no order to keep. One who comes meanwhile reads the message in the history.
        if (!_topics.TryGetValue(room, out var topic))
            return await history.AppendAsync(room, message, capacity, cancellationToken).ConfigureAwait(false);

        // Stored and delivered in one turn, so that messages are delivered in the order of their positions.
        await topic.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var position = await history.AppendAsync(room, message, capacity, cancellationToken).ConfigureAwait(false);
            topic.Deliver(message.WithPosition(position));
            return position;
        }
        finally
        {
            topic.Turn.Release();
        }
    }

    public ValueTask<IAsyncDisposable> SubscribeAsync(
        string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken)
    {
        while (true)
        {
            var topic = _topics.GetOrAdd(room, static _ => new Topic());
            if (topic.TryAdd(subscriber))
                return ValueTask.FromResult<IAsyncDisposable>(new Subscription(this, room, topic, subscriber));
        }
    }

    /// <summary>The subscribers of one room. Once the last has gone it takes no more, and the room gets a new one.</summary>
    private sealed class Topic
    {
        private readonly Lock _delivery = new();
        private ImmutableArray<IBackplaneSubscriber> _subscribers = [];
        private bool _ended;

        // Never disposed of: nobody asks for its wait handle, the only thing there would be to release.
        public SemaphoreSlim Turn { get; } = new(1, 1);

        /// <summary>One message at a time, also if an ephemeral one, which waits for no turn, comes together with a stored one.</summary>
        public void Deliver(ChatMessage message)
        {
            lock (_delivery)
            {
                foreach (var subscriber in _subscribers)
                    subscriber.OnMessage(message);
            }
        }

        public bool TryAdd(IBackplaneSubscriber subscriber)
        {
            lock (Turn)
            {
                if (!_ended)
                    _subscribers = _subscribers.Add(subscriber);
                return !_ended;
            }
        }

        public bool RemoveWasLast(IBackplaneSubscriber subscriber)
        {
            lock (Turn)
            {
                _subscribers = _subscribers.Remove(subscriber);
                return _ended = _subscribers.IsEmpty;
            }
        }
    }

    private sealed class Subscription(InProcessBackplane backplane, string room, Topic topic, IBackplaneSubscriber subscriber)
        : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            if (topic.RemoveWasLast(subscriber))
                backplane._topics.TryRemove(KeyValuePair.Create(room, topic));
            return ValueTask.CompletedTask;
        }
    }
}
