using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>The names of a room in Redis, and the last position that this node knows to have been stored there.</summary>
internal sealed class RedisRoom(string prefix, string name)
{
    private readonly Lock _gate = new();
    private MessagePosition _known;

    public string Name => name;

    public RedisKey[] Keys { get; } = RedisKeys.OfRoom(prefix, name);

    /// <summary>Made when asked for: whoever only publishes to the room does not need them.</summary>
    public RedisKey[] PresenceKeys => field ??= RedisKeys.OfPresence(prefix, name);

    public string Channel { get; } = RedisKeys.Channel(prefix, name);

    /// <summary>The last position that came from Redis; <see cref="MessagePosition.None"/> if none did. Never one that a client has named.</summary>
    public MessagePosition Known
    {
        get
        {
            lock (_gate)
                return _known;
        }
    }

    /// <summary>Takes note of a position that came from Redis.</summary>
    public void Note(MessagePosition position)
    {
        lock (_gate)
        {
            if (position.Sequence > _known.Sequence || position.Epoch != _known.Epoch)
                _known = position;
        }
    }

    public RedisKey[] KeysFor(string? idempotencyKey) =>
        idempotencyKey is null ? Keys : [.. Keys, RedisKeys.OfMessage(prefix, name, idempotencyKey)];
}
