namespace ChatKit.Testing.Tests.Contracts;

/// <summary>Two nodes in one process, and the errors that a test makes in them.</summary>
internal sealed class MutantBus(IMessageHistory history)
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly List<(int Node, string Room, IBackplaneSubscriber Subscriber)> _subscriptions = [];
    private readonly HashSet<IBackplaneSubscriber> _subscribed = [];

    public IMessageHistory History => history;

    /// <summary>What arrives at a node in place of a message.</summary>
    public Func<int, ChatMessage, IEnumerable<ChatMessage>> Carry { get; init; } = static (_, message) => [message];

    public Func<ChatMessage, ChatMessage> Store { get; init; } = static message => message;

    public Func<int?, int?> Capacity { get; init; } = static capacity => capacity;

    /// <summary>Whether a message that the history has already is carried again.</summary>
    public bool CarriesAgain { get; init; }

    /// <summary>Whether a message is carried that could not be stored.</summary>
    public bool CarriesLost { get; init; }

    /// <summary>Whether that a message could not be stored is not said.</summary>
    public bool HidesFailures { get; init; }

    public Func<string, string> Room { get; init; } = static room => room;

    public Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Announcement { get; init; } = static announcement => announcement;

    public bool StoresAnnouncements { get; init; }

    public int CountOffset { get; init; }

    /// <summary>Whether subscriptions never end.</summary>
    public bool KeepsSubscriptions { get; init; }

    /// <summary>Whether a subscriber can subscribe once only.</summary>
    public bool SubscribesOnce { get; init; }

    /// <summary>Whether an ephemeral message is delivered twice, at the same time.</summary>
    public bool Overlaps { get; init; }

    public IBackplane Node(int number) => new MutantBackplane(this, number);

    private async ValueTask<MessagePosition?> PublishAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        if (Capacity(capacity) == 0)
        {
            Deliver(room, message);
            return null;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            var (position, isNew) = await history.AppendAsync(room, Store(message), Capacity(capacity), cancellationToken);
            if (isNew || CarriesAgain)
                Deliver(room, message.WithPosition(position));
            return position;
        }
        catch (HistoryUnavailableException) when (CarriesLost || HidesFailures)
        {
            if (CarriesLost)
                Deliver(room, message);
            if (HidesFailures)
                return null;
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var result = await history.ChangeAsync(room, change, cancellationToken);
            if (result.Message is { } message)
                Deliver(room, message);
            return result;
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Deliver(string room, ChatMessage message)
    {
        lock (_gate)
        {
            foreach (var (node, _, subscriber) in _subscriptions.Where(subscription => subscription.Room == Room(room)))
            {
                foreach (var carried in Carry(node, message))
                    DeliverTo(subscriber, carried);
            }
        }
    }

    private void DeliverTo(IBackplaneSubscriber subscriber, ChatMessage message)
    {
        if (!Overlaps || message.Position is not null)
        {
            subscriber.OnMessage(message);
            return;
        }

        using var start = new Barrier(2);
        var threads = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            subscriber.OnMessage(message);
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
    }

    private async ValueTask<int?> AnnounceAsync(string room, ReadOnlyMemory<byte> announcement)
    {
        if (StoresAnnouncements)
            await history.AppendAsync(room, new ChatMessage(default, announcement, default));
        lock (_gate)
        {
            var all = _subscriptions.Where(subscription => subscription.Room == Room(room)).ToList();
            all.ForEach(subscription => subscription.Subscriber.OnAnnouncement(Announcement(announcement)));
            return all.Select(static subscription => subscription.Node).Distinct().Count() + CountOffset;
        }
    }

    private Subscription Subscribe(int node, string room, IBackplaneSubscriber subscriber)
    {
        var entry = (node, Room(room), subscriber);
        lock (_gate)
        {
            if (!SubscribesOnce || !_subscribed.Contains(subscriber))
                _subscriptions.Add(entry);
            _subscribed.Add(subscriber);
        }

        return new Subscription(() =>
        {
            lock (_gate)
            {
                if (!KeepsSubscriptions)
                    _subscriptions.Remove(entry);
            }
        });
    }

    private sealed class MutantBackplane(MutantBus bus, int node) : IBackplane
    {
        public ValueTask<MessagePosition?> PublishAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken) =>
            bus.PublishAsync(room, message, capacity, cancellationToken);

        public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken) =>
            bus.ChangeAsync(room, change, cancellationToken);

        public async ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken) =>
            await bus.AnnounceAsync(room, announcement);

        public ValueTask<int?> AnnounceToAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken) =>
            bus.AnnounceAsync(room, announcement);

        public ValueTask<IAsyncDisposable> SubscribeAsync(string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken) =>
            ValueTask.FromResult<IAsyncDisposable>(bus.Subscribe(node, room, subscriber));
    }

    private sealed class Subscription(Action end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            end();
            return ValueTask.CompletedTask;
        }
    }
}
