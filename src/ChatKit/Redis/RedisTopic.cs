using System.Collections.Immutable;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>
/// The subscribers of one room on this node, and the one subscription to its channel. Once the last has gone and the channel is
/// unsubscribed it takes no more, and the room gets a new one.
/// </summary>
/// <remarks>
/// Commands for the channel are given one at a time, and each according to who is there at that moment: so no subscription outlives its
/// subscribers, and none is ended that a later one needs, in whichever order the client library would send them.
/// </remarks>
internal sealed class RedisTopic(
    RedisRoom room, RedisMessageHistory? history, RedisConnection connection, UnreadablePayloads unreadable)
{
    /// <summary>A handler that hears nothing. Adding it makes the client library subscribe again where it is not subscribed, and wait for that.</summary>
    private static readonly Action<RedisChannel, RedisValue> Nothing = static (_, _) => { };

    private readonly Lock _gate = new();
    private readonly Lock _delivery = new();
    private ImmutableArray<IBackplaneSubscriber> _subscribers = [];
    private volatile bool _needsHealing;
    private volatile bool _isHealing;

    /// <summary>Ends when the command that was asked for last has been given.</summary>
    private Task _last = Task.CompletedTask;

    /// <summary>What comes from the channel; null as long as it is not subscribed to. Belongs to whoever has the turn.</summary>
    private ChannelMessageQueue? _queue;

    /// <summary>The channel if the server may be subscribed to it without the client library knowing. Belongs to whoever has the turn.</summary>
    private RedisChannel? _uncertain;

    public RedisRoom Room => room;

    /// <summary>Whether it takes no more subscribers.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether something may have been lost that was not made good yet.</summary>
    public bool NeedsHealing
    {
        get => _needsHealing;
        set => _needsHealing = value;
    }

    /// <summary>
    /// Whether something was not made good yet, also while that is tried, or the channel was subscribed to and is not any more. Asked by
    /// whoever has no turn, it may be out of date.
    /// </summary>
    public bool IsWaiting(ISubscriber subscriber) =>
        _needsHealing || _isHealing || (Volatile.Read(ref _queue) is { } queue && subscriber.SubscribedEndpoint(queue.Channel) is null);

    /// <summary>Adds a subscriber. False if the topic has ended.</summary>
    public bool TryAdd(IBackplaneSubscriber subscriber)
    {
        lock (_gate)
        {
            if (!HasEnded)
                _subscribers = _subscribers.Add(subscriber);
            return !HasEnded;
        }
    }

    public void Remove(IBackplaneSubscriber subscriber)
    {
        lock (_gate)
            _subscribers = _subscribers.Remove(subscriber);
    }

    /// <summary>Subscribes or unsubscribes, if that is due. Where it cannot, it needs healing.</summary>
    public async Task SettleAsync()
    {
        if (!await InTurnAsync(heal: false).ConfigureAwait(false))
            NeedsHealing = true;
    }

    /// <summary>
    /// Makes good what a lost connection may have done: sees to it that new messages do not take the positions of lost ones, and that
    /// the channel is subscribed to, and then lets the subscribers look for what they have missed.
    /// </summary>
    public async Task HealAsync()
    {
        _isHealing = true;
        NeedsHealing = false;
        try
        {
            if (history is not null)
                await history.ForkIfRewoundAsync(room).ConfigureAwait(false);
        }
        catch (HistoryUnavailableException)
        {
            NeedsHealing = true;
            return;
        }

        if (!await InTurnAsync(heal: true).ConfigureAwait(false))
        {
            NeedsHealing = true;
            return;
        }

        _isHealing = false;
        foreach (var subscriber in _subscribers)
            subscriber.OnReconnected();
    }

    private Task<bool> InTurnAsync(bool heal)
    {
        lock (_gate)
        {
            var turn = AfterAsync(_last, heal);
            _last = turn;
            return turn;
        }
    }

    /// <summary>Gives the command that is due then. False if it could not be given.</summary>
    private async Task<bool> AfterAsync(Task before, bool heal)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            if (HasEnded)
                return true;
            if (_subscribers.IsEmpty)
                await EndAsync().ConfigureAwait(false);
            else if (_queue is null)
                await SubscribeAsync().ConfigureAwait(false);
            else if (heal)
                await ConfirmAsync(_queue.Channel).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (RedisConnection.IsOfRedis(e))
        {
            return false;
        }
    }

    private async Task SubscribeAsync()
    {
        var subscriber = await connection.GetSubscriberAsync().ConfigureAwait(false);
        var channel = connection.ChannelOf(room.Channel);
        try
        {
            _queue = await subscriber.SubscribeAsync(channel).ConfigureAwait(false);
        }
        catch (Exception e) when (RedisConnection.IsOfRedis(e))
        {
            // The client library would keep a queue that nobody reads. Whether the server has heard of it is not known.
            _uncertain = channel;
            await subscriber.UnsubscribeAsync(channel, null, CommandFlags.FireAndForget).ConfigureAwait(false);
            throw;
        }

        _uncertain = null;
        _queue.OnMessage(message => Receive(message.Message));
    }

    /// <summary>The client library subscribes again by itself after a reconnect; this waits until it has.</summary>
    private async Task ConfirmAsync(RedisChannel channel)
    {
        var subscriber = await connection.GetSubscriberAsync().ConfigureAwait(false);
        await subscriber.SubscribeAsync(channel, Nothing).ConfigureAwait(false);
        await subscriber.UnsubscribeAsync(channel, Nothing).ConfigureAwait(false);
    }

    /// <summary>Unsubscribes, and takes no more subscribers unless one has come meanwhile.</summary>
    private async Task EndAsync()
    {
        try
        {
            if (_queue is { } queue)
            {
                // The client library may be about to subscribe again, after a reconnect. Then that has to come first. It forgets
                // the queue in any case, also without a connection: else it would subscribe to it again.
                var isSubscribed = await IsSubscribedAsync(queue.Channel).ConfigureAwait(false);
                (_queue, _uncertain) = (null, queue.Channel);
                await queue.UnsubscribeAsync().ConfigureAwait(false);
                if (isSubscribed)
                    _uncertain = null;
            }

            if (_uncertain is { } channel)
            {
                await ConfirmAsync(channel).ConfigureAwait(false);
                _uncertain = null;
            }
        }
        catch (Exception e) when (RedisConnection.IsOfRedis(e))
        {
            // With a connection the server forgets its subscriptions; what it has not answered in time it still does.
        }

        lock (_gate)
            HasEnded = _subscribers.IsEmpty;
    }

    private async Task<bool> IsSubscribedAsync(RedisChannel channel)
    {
        try
        {
            return (await connection.GetSubscriberAsync().ConfigureAwait(false)).SubscribedEndpoint(channel) is not null;
        }
        catch (Exception e) when (RedisConnection.IsOfRedis(e))
        {
            return false;
        }
    }

    private void Receive(RedisValue payload)
    {
        // A queue that was given up may still have something to hand over.
        lock (_delivery)
        {
            if (RedisPayload.IsAnnouncement(payload, out var announcement))
            {
                foreach (var subscriber in _subscribers)
                    subscriber.OnAnnouncement(announcement);
                return;
            }

            if (Decode(payload) is not { } message)
                return;
            if (message.Position is { } position)
                room.Note(position);
            foreach (var subscriber in _subscribers)
                subscriber.OnMessage(message);
        }
    }

    private ChatMessage? Decode(RedisValue payload)
    {
        try
        {
            return RedisPayload.Decode(payload, room.Known.Epoch);
        }
        catch (InvalidDataException e)
        {
            unreadable.Tell(room.Name, e.Message);
            return null;
        }
    }
}
