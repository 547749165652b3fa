using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>A room's names in Redis, and the last stored message and change that this node has seen.</summary>
internal sealed class RedisRoom(string prefix, string name)
{
    private readonly Lock _gate = new();
    private MessagePosition _known;
    private long _revision;

    public string Name => name;

    public RedisKey[] Keys { get; } = RedisKeys.OfRoom(prefix, name);

    /// <summary>Created on first use, because publishing doesn't need it.</summary>
    public RedisKey[] PresenceKeys => field ??= RedisKeys.OfPresence(prefix, name);

    /// <summary>Created on first use, because few rooms need it.</summary>
    public RedisKey[] ReadKeys => field ??= [.. Keys, RedisKeys.OfReads(prefix, name)];

    public string Channel { get; } = RedisKeys.Channel(prefix, name);

    /// <summary>
    /// The last position that Redis returned, and the last revision in its epoch; <see cref="MessagePosition.None"/> and 0 if there is none. A
    /// client's position is never used.
    /// </summary>
    public (MessagePosition Position, long Revision) Known
    {
        get
        {
            lock (_gate)
                return (_known, _revision);
        }
    }

    /// <summary>Records a position that Redis returned, and a revision of the same epoch.</summary>
    public void Note(MessagePosition position, long revision = 0)
    {
        lock (_gate)
        {
            _revision = position.Epoch == _known.Epoch ? Math.Max(_revision, revision) : revision;
            if (position.Sequence > _known.Sequence || position.Epoch != _known.Epoch)
                _known = position;
        }
    }

    public RedisKey[] KeysFor(string? idempotencyKey) => idempotencyKey is null ? Keys : [.. Keys, KeyOf(idempotencyKey)];

    public RedisKey KeyOf(string idempotencyKey) => RedisKeys.OfMessage(prefix, name, idempotencyKey);
}
