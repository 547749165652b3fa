namespace ChatKit.Tests.Fixtures;

/// <summary>A backplane that loses, doubles and swaps what the test tells it to.</summary>
internal sealed class LossyBackplane(IMessageHistory history) : IBackplane
{
    private readonly Lock _gate = new();
    private readonly List<(string Room, IBackplaneSubscriber Subscriber)> _subscriptions = [];
    private int _announcements;

    /// <summary>What reaches the subscribers in place of a message.</summary>
    public Func<ChatMessage, IEnumerable<ChatMessage>> Transform { get; set; } = static message => [message];

    /// <summary>Whether announcements get lost.</summary>
    public bool LosesAnnouncements { get; set; }

    /// <summary>Whether it is known how many nodes an announcement is sent to.</summary>
    public bool CountsNodes { get; set; } = true;

    /// <summary>The number of announcements so far.</summary>
    public int Announcements => Volatile.Read(ref _announcements);

    /// <summary>Whether subscribing fails.</summary>
    public bool Down { get; set; }

    /// <summary>What subscribing waits for.</summary>
    public Task Subscribable { get; set; } = Task.CompletedTask;

    public int Subscriptions
    {
        get
        {
            lock (_gate)
                return _subscriptions.Count;
        }
    }

    public async ValueTask<MessagePosition?> PublishAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        MessagePosition? position = null;
        if (capacity != 0)
        {
            var stored = await history.AppendAsync(room, message, capacity, cancellationToken);
            if (!stored.IsNew)
                return stored.Position;
            position = stored.Position;
            message = message.WithPosition(stored.Position);
        }

        foreach (var carried in Transform(message))
            Deliver(room, carried);
        return position;
    }

    public async ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken)
    {
        var result = await history.ChangeAsync(room, change, cancellationToken);
        foreach (var carried in result.Message is { } message ? Transform(message) : [])
            Deliver(room, carried);
        return result;
    }

    public ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _announcements);
        foreach (var subscriber in LosesAnnouncements ? [] : Subscribers(room))
            subscriber.OnAnnouncement(announcement);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<int?> AnnounceToAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken)
    {
        await AnnounceAsync(room, announcement, cancellationToken);
        return CountsNodes ? Subscribers(room).Length : null;
    }

    public void Deliver(string room, ChatMessage message)
    {
        foreach (var subscriber in Subscribers(room))
            subscriber.OnMessage(message);
    }

    public void Reconnect(string room)
    {
        foreach (var subscriber in Subscribers(room))
            subscriber.OnReconnected();
    }

    public async ValueTask<IAsyncDisposable> SubscribeAsync(
        string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken)
    {
        if (Down)
            throw new IOException("The backplane is down.");
        await Subscribable.WaitAsync(cancellationToken);
        var entry = (room, subscriber);
        lock (_gate)
            _subscriptions.Add(entry);
        return new Subscription(this, entry);
    }

    private IBackplaneSubscriber[] Subscribers(string room)
    {
        lock (_gate)
            return [.. _subscriptions.Where(s => s.Room == room).Select(static s => s.Subscriber)];
    }

    private sealed class Subscription(LossyBackplane backplane, (string, IBackplaneSubscriber) entry) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            lock (backplane._gate)
                Assert.True(backplane._subscriptions.Remove(entry), "a subscription is disposed of only once");
            return ValueTask.CompletedTask;
        }
    }
}
