using System.Collections.Immutable;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>
/// The subscribers of one room on this node, which share one subscription to its channel. When the last subscriber has left and the channel
/// is unsubscribed, the topic ends. The room's next subscriber creates a new one.
/// </summary>
/// <remarks>
/// Commands for the channel run one at a time, and each depends on the subscribers at that moment. A subscription therefore never outlives
/// its subscribers, and a subscription that a later subscriber needs is never ended, whatever order the client library would send the
/// commands in.
/// </remarks>
internal sealed class RedisTopic(
    RedisRoom room, RedisMessageHistory? history, RedisConnection connection, UnreadablePayloads unreadable)
{
    /// <summary>A handler that does nothing. Adding it makes the client library resubscribe if necessary, and wait until it is subscribed.</summary>
    private static readonly Action<RedisChannel, RedisValue> IgnoreMessage = static (_, _) => { };

    private readonly Lock _gate = new();
    private readonly Lock _delivery = new();
    private ImmutableArray<IBackplaneSubscriber> _subscribers = [];
    private volatile bool _needsHealing;
    private volatile bool _isHealing;

    /// <summary>Completes when the last requested command has run.</summary>
    private Task _lastCommand = Task.CompletedTask;

    /// <summary>The messages from the channel; null while it isn't subscribed. Used only by the command that is running.</summary>
    private ChannelMessageQueue? _queue;

    /// <summary>
    /// The channel, if the server may have a subscription that the client library doesn't track. Used only by the command that is running.
    /// </summary>
    private RedisChannel? _uncertain;

    public RedisRoom Room => room;

    /// <summary>Whether the topic has ended and accepts no more subscribers.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether messages may have been lost and not yet recovered.</summary>
    public bool NeedsHealing
    {
        get => _needsHealing;
        set => _needsHealing = value;
    }

    /// <summary>
    /// Whether a recovery is pending or in progress, or the channel's subscription was lost. The result may be out of date, because a
    /// command can be running.
    /// </summary>
    public bool IsWaiting(ISubscriber subscriber) =>
        _needsHealing || _isHealing || (Volatile.Read(ref _queue) is { } queue && subscriber.SubscribedEndpoint(queue.Channel) is null);

    /// <summary>Adds a subscriber. Returns false if the topic has ended.</summary>
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

    /// <summary>Subscribes or unsubscribes, if necessary. If that fails, <see cref="NeedsHealing"/> becomes true.</summary>
    public async Task SettleAsync()
    {
        if (!await EnqueueAsync(heal: false).ConfigureAwait(false))
            NeedsHealing = true;
    }

    /// <summary>
    /// Recovers from a lost connection: makes sure that new messages don't take the positions of lost ones and that the channel is
    /// subscribed, and then lets the subscribers look for missed messages.
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

        if (!await EnqueueAsync(heal: true).ConfigureAwait(false))
        {
            NeedsHealing = true;
            return;
        }

        _isHealing = false;
        foreach (var subscriber in _subscribers)
            subscriber.OnReconnected();
    }

    private Task<bool> EnqueueAsync(bool heal)
    {
        lock (_gate)
        {
            var command = RunAfterAsync(_lastCommand, heal);
            _lastCommand = command;
            return command;
        }
    }

    /// <summary>Runs the command that is necessary at that moment. Returns false if it failed.</summary>
    private async Task<bool> RunAfterAsync(Task previous, bool heal)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
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
        catch (Exception e) when (RedisFailure.IsCauseOf(e))
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
        catch (Exception e) when (RedisFailure.IsCauseOf(e))
        {
            // The client library would keep a queue without a reader. It isn't known whether the server has subscribed.
            _uncertain = channel;
            await subscriber.UnsubscribeAsync(channel, null, CommandFlags.FireAndForget).ConfigureAwait(false);
            throw;
        }

        _uncertain = null;
        _queue.OnMessage(message => Receive(message.Message));
    }

    /// <summary>Waits until the client library has resubscribed, which it does by itself after a reconnect.</summary>
    private async Task ConfirmAsync(RedisChannel channel)
    {
        var subscriber = await connection.GetSubscriberAsync().ConfigureAwait(false);
        await subscriber.SubscribeAsync(channel, IgnoreMessage).ConfigureAwait(false);
        await subscriber.UnsubscribeAsync(channel, IgnoreMessage).ConfigureAwait(false);
    }

    /// <summary>Unsubscribes and ends the topic, unless a subscriber was added in the meantime.</summary>
    private async Task EndAsync()
    {
        try
        {
            if (_queue is { } queue)
            {
                // After a reconnect, the client library may be about to resubscribe; that has to come first. It always removes the queue,
                // even without a connection. Otherwise it would resubscribe.
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
        catch (Exception e) when (RedisFailure.IsCauseOf(e))
        {
            // When a connection is lost, the server drops its subscriptions. A command that timed out will still run.
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
        catch (Exception e) when (RedisFailure.IsCauseOf(e))
        {
            return false;
        }
    }

    private void Receive(RedisValue payload)
    {
        // An abandoned queue may still deliver messages.
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
                room.Note(position, message.Revision ?? 0);
            foreach (var subscriber in _subscribers)
                subscriber.OnMessage(message);
        }
    }

    private ChatMessage? Decode(RedisValue payload)
    {
        try
        {
            return RedisPayload.Decode(payload, room.Known.Position.Epoch);
        }
        catch (InvalidDataException e)
        {
            unreadable.Report(room.Name, e.Message);
            return null;
        }
    }
}
