namespace ChatKit.Testing.Hosting;

/// <summary>The backplane of one node. It stores messages in the history, and carries them to the other nodes of the test.</summary>
internal sealed class NodeBackplane(RoomBus bus, NodeFaults node, IMessageHistory history) : IBackplane
{
    public async ValueTask<MessagePosition?> PublishAsync(
        string room, ChatMessage message, int? capacity = null, CancellationToken cancellationToken = default)
    {
        if (capacity == 0)
        {
            Deliver(room, message);
            return null;
        }

        return await InTurnAsync(
            room,
            async () =>
            {
                var stored = await history.AppendAsync(room, message, capacity, cancellationToken).ConfigureAwait(false);
                if (stored.IsNew)
                    Deliver(room, message.WithPosition(stored.Position));
                return stored.Position;
            },
            cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken = default) =>
        InTurnAsync(
            room,
            async () =>
            {
                var result = await history.ChangeAsync(room, change, cancellationToken).ConfigureAwait(false);
                if (result is { Outcome: ChangeOutcome.Changed, Message: { } message })
                    Deliver(room, message);
                return result;
            },
            cancellationToken);

    public ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken = default)
    {
        // A copy, because the caller can reuse its bytes.
        var copy = announcement.ToArray();
        bus[room].Deliver(subscription => subscription.Subscriber.OnAnnouncement(copy));
        return ValueTask.CompletedTask;
    }

    public async ValueTask<int?> AnnounceToAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken = default)
    {
        var nodes = bus[room].Nodes;
        await AnnounceAsync(room, announcement, cancellationToken).ConfigureAwait(false);
        return nodes;
    }

    public ValueTask<IAsyncDisposable> SubscribeAsync(
        string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken = default)
    {
        var (at, subscription) = (bus[room], new RoomBus.Subscription(node, subscriber));
        at.Add(subscription);
        return ValueTask.FromResult<IAsyncDisposable>(new Unsubscriber(at, subscription));
    }

    private void Deliver(string room, ChatMessage message) => bus[room].Deliver(subscription =>
    {
        if (!subscription.Node.Loses(room))
            subscription.Subscriber.OnMessage(message);
    });

    private async ValueTask<T> InTurnAsync<T>(string room, Func<Task<T>> store, CancellationToken cancellationToken)
    {
        var turn = bus[room].Turn;
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await store().ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    private sealed class Unsubscriber(RoomBus.BusRoom room, RoomBus.Subscription subscription) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            room.Remove(subscription);
            return ValueTask.CompletedTask;
        }
    }
}
