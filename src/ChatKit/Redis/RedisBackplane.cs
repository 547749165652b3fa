using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>
/// Carries messages between nodes through Redis. A publisher waits until the history has stored the message. All subscribers, including
/// those on this node, receive it on the room's channel. If the history is in Redis, this is one step. Otherwise the message is stored in
/// the history first.
/// </summary>
internal sealed class RedisBackplane : IBackplane, IDisposable
{
    /// <summary>
    /// How long to wait before retrying what failed, if no connection is restored in the meantime. The server may only have been busy.
    /// </summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>How many rooms recover at the same time: enough to use the connection fully, and few enough that none exceeds its timeout.</summary>
    private const int MaxConcurrentRecoveries = 64;

    private const string NotSent = "The message was not sent to the other nodes and was not delivered";

    private readonly ConcurrentDictionary<string, RedisTopic> _topics = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly IMessageHistory _history;

    /// <summary>The history if it is in Redis; null if the application uses its own.</summary>
    private readonly RedisMessageHistory? _inRedis;
    private readonly RedisRooms _rooms;
    private readonly RedisConnection _connection;
    private readonly ILogger<RedisBackplane> _logger;
    private readonly TimeProvider _clock;
    private readonly UnreadablePayloads _unreadable;
    private int _healing;
    private int _retrying;

    public RedisBackplane(
        IMessageHistory history, RedisRooms rooms, RedisConnection connection, ILogger<RedisBackplane> logger, TimeProvider clock)
    {
        (_history, _rooms, _connection, _logger, _clock) = (history, rooms, connection, logger, clock);
        _inRedis = history as RedisMessageHistory;
        _unreadable = new UnreadablePayloads(logger);
        connection.Restored += OnRestored;
    }

    public async ValueTask<MessagePosition?> PublishAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        if (capacity == 0)
        {
            await SendAsync(room, RedisPayload.OfEphemeral(message), cancellationToken).ConfigureAwait(false);
            return null;
        }

        var stored = _inRedis is null
            ? await StoreAndSendAsync(room, message, capacity, cancellationToken).ConfigureAwait(false)
            : await _inRedis.AppendAsync(room, message, capacity, publish: true, cancellationToken).ConfigureAwait(false);
        return stored.Position;
    }

    public async ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken)
    {
        if (_inRedis is not null)
            return await _inRedis.ChangeAsync(room, change, publish: true, cancellationToken).ConfigureAwait(false);
        var result = await _history.ChangeAsync(room, change, cancellationToken).ConfigureAwait(false);
        if (result is { Outcome: ChangeOutcome.Changed, Message: { Position: { } position } message })
            await SendStoredAsync(room, message, position).ConfigureAwait(false);
        return result;
    }

    public async ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken) =>
        await SendAsync(room, RedisPayload.OfAnnouncement(announcement.Span), cancellationToken).ConfigureAwait(false);

    public async ValueTask<int?> AnnounceToAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken) =>
        (int)await SendAsync(room, RedisPayload.OfAnnouncement(announcement.Span), cancellationToken).ConfigureAwait(false);

    public async ValueTask<IAsyncDisposable> SubscribeAsync(
        string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken)
    {
        var topic = Get(room);
        while (!topic.TryAdd(subscriber))
        {
            Drop(topic);
            topic = Get(room);
        }

        var subscription = new Subscription(this, topic, subscriber);
        try
        {
            await topic.SettleAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        // Without Redis, the subscriber is added too, and is notified when Redis is available again.
        if (topic.NeedsHealing)
            Retry();
        return subscription;
    }

    /// <summary>Counts the rooms of this node that aren't subscribed to their channels or haven't recovered lost messages yet.</summary>
    /// <exception cref="RedisException">There is no connection.</exception>
    public async ValueTask<int> CountWaitingAsync()
    {
        var subscriber = await _connection.GetSubscriberAsync().ConfigureAwait(false);
        return _topics.Values.Count(topic => topic.IsWaiting(subscriber));
    }

    /// <summary>A container calls this twice, because the type is registered by itself and as the <see cref="IBackplane"/>.</summary>
    public void Dispose()
    {
        if (_stopping.IsCancellationRequested)
            return;
        _connection.Restored -= OnRestored;
        _stopping.Cancel();
        _stopping.Dispose();
    }

    /// <summary>
    /// Stores a message in the application's own history, and publishes it. A message that can't be published isn't lost: the rooms find it
    /// in the history, at the latest at their next check.
    /// </summary>
    private async ValueTask<AppendResult> StoreAndSendAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        var stored = await _history.AppendAsync(room, message, capacity, cancellationToken).ConfigureAwait(false);
        if (stored.IsNew)
            await SendStoredAsync(room, message, stored.Position).ConfigureAwait(false);
        return stored;
    }

    private async ValueTask SendStoredAsync(string room, ChatMessage message, MessagePosition position)
    {
        try
        {
            await SendAsync(room, RedisPayload.OfStored(message, position), CancellationToken.None).ConfigureAwait(false);
        }
        catch (HistoryUnavailableException e)
        {
            _logger.StoredNotPublished(room, e);
        }
    }

    /// <summary>Publishes a payload. Returns the number of nodes that have subscribed.</summary>
    private async Task<long> SendAsync(string room, byte[] payload, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var database = await _connection.GetDatabaseAsync().ConfigureAwait(false);
            _rooms.AppendsOf(room)?.Flush();
            return await database
                .PublishAsync(_connection.ChannelOf(_rooms[room].Channel), payload)
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (_connection.UnavailableOf(e, NotSent) is { } unavailable)
        {
            throw unavailable;
        }
    }

    private RedisTopic Get(string room) =>
        _topics.GetOrAdd(room, static (room, it) => new RedisTopic(it._rooms.Add(room), it._inRedis, it._connection, it._unreadable), this);

    private async ValueTask RemoveAsync(RedisTopic topic, IBackplaneSubscriber subscriber)
    {
        topic.Remove(subscriber);
        await topic.SettleAsync().ConfigureAwait(false);
        if (topic.HasEnded)
            Drop(topic);
    }

    /// <summary>Removes a topic that has ended.</summary>
    private void Drop(RedisTopic topic)
    {
        // Remove the room first, so that a new topic of the same name doesn't get the old topic's room.
        _rooms.Remove(topic.Room);
        _topics.TryRemove(KeyValuePair.Create(topic.Room.Name, topic));
    }

    private void OnRestored()
    {
        foreach (var (_, topic) in _topics)
            topic.NeedsHealing = true;
        Heal();
    }

    /// <summary>Recovers the rooms after a connection was lost.</summary>
    private void Heal()
    {
        // Only one recovery runs at a time. A request in the meantime makes it run once more.
        if (Interlocked.Increment(ref _healing) == 1)
            _ = Task.Run(HealAsync);
    }

    private async Task HealAsync()
    {
        int requests;
        do
        {
            requests = Volatile.Read(ref _healing);
            await Parallel.ForEachAsync(
                _topics.Values.Where(static topic => topic.NeedsHealing),
                new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrentRecoveries },
                async (topic, _) => await HealAsync(topic).ConfigureAwait(false)).ConfigureAwait(false);
        }
        while (Interlocked.CompareExchange(ref _healing, 0, requests) != requests);

        if (_topics.Values.Any(static topic => topic.NeedsHealing))
            Retry();
    }

    private async Task HealAsync(RedisTopic topic)
    {
        try
        {
            await topic.HealAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            topic.NeedsHealing = true;
            _logger.HealingFailed(topic.Room.Name, e);
        }
    }

    private void Retry()
    {
        if (Interlocked.Exchange(ref _retrying, 1) == 0)
            _ = RetryAsync();
    }

    private async Task RetryAsync()
    {
        try
        {
            await Task.Delay(RetryInterval, _clock, _stopping.Token).ConfigureAwait(false);
            Volatile.Write(ref _retrying, 0);
            Heal();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The application is stopping.
        }
    }

    private sealed class Subscription(RedisBackplane backplane, RedisTopic topic, IBackplaneSubscriber subscriber) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => backplane.RemoveAsync(topic, subscriber);
    }
}
