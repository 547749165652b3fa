using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace ChatKit.Testing.Hosting;

/// <summary>Carries messages between the nodes of a test, in one order for each room.</summary>
internal sealed class RoomBus
{
    private readonly ConcurrentDictionary<string, BusRoom> _rooms = new();

    public BusRoom this[string room] => _rooms.GetOrAdd(room, static _ => new BusRoom());

    /// <summary>Notifies all subscribers that messages may be missing.</summary>
    public void Reconnect()
    {
        foreach (var (_, room) in _rooms)
            room.Deliver(static subscription => subscription.Subscriber.OnReconnected());
    }

    public sealed record Subscription(NodeFaults Node, IBackplaneSubscriber Subscriber);

    public sealed class BusRoom
    {
        private readonly Lock _gate = new();
        private ImmutableList<Subscription> _subscriptions = [];

        /// <summary>Held while a message is stored and delivered, so that positions arrive in order.</summary>
        public SemaphoreSlim Turn { get; } = new(1);

        public int Nodes => _subscriptions.Select(static subscription => subscription.Node).Distinct().Count();

        public void Add(Subscription subscription)
        {
            lock (_gate)
                _subscriptions = _subscriptions.Add(subscription);
        }

        public void Remove(Subscription subscription)
        {
            lock (_gate)
                _subscriptions = _subscriptions.Remove(subscription);
        }

        public void Deliver(Action<Subscription> deliver)
        {
            lock (_gate)
                _subscriptions.ForEach(deliver);
        }
    }
}
