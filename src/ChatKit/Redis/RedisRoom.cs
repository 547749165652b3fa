using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>A room's names in Redis, and the last stored position that this node has seen.</summary>
internal sealed class RedisRoom(string prefix, string name)
{
    private readonly Lock _gate = new();
    private MessagePosition _known;

    public string Name => name;

    public RedisKey[] Keys { get; } = RedisKeys.OfRoom(prefix, name);

    /// <summary>Created on first use, because publishing doesn't need it.</summary>
    public RedisKey[] PresenceKeys => field ??= RedisKeys.OfPresence(prefix, name);

    /// <summary>Created on first use, because few rooms need it.</summary>
    public RedisKey[] ReadKeys => field ??= [.. Keys, RedisKeys.OfReads(prefix, name)];

    public string Channel { get; } = RedisKeys.Channel(prefix, name);

    /// <summary>
    /// The last position that Redis returned; <see cref="MessagePosition.None"/> if there is none. A client's position is never used.
    /// </summary>
    public MessagePosition Known
    {
        get
        {
            lock (_gate)
                return _known;
        }
    }

    /// <summary>Records a position that Redis returned.</summary>
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
