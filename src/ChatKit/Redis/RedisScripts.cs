namespace ChatKit.Redis;

/// <summary>The scripts. Redis runs each as one step: nobody sees a room between a push and its trim.</summary>
internal static class RedisScripts
{
    /// <summary>
    /// Stores a message and gives it its position. The first write is one that a server out of memory refuses, so that either all
    /// of it happens or nothing.
    /// </summary>
    /// <remarks>
    /// ARGV: the entry; the capacity, or an empty text for the one before; the capacity if there was none; the time to live in
    /// milliseconds; the epoch if the room is new; the idempotency key, or an empty text; for how long it is remembered, in milliseconds.
    /// </remarks>
    public const string Append =
        """
        if ARGV[6] ~= '' then
          local first = redis.call('HMGET', KEYS[3], 'epoch', 'sequence')
          if first[1] then
            return {first[1], tonumber(first[2]), 0}
          end
        end
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'capacity')
        local epoch, sequence = meta[1], tonumber(meta[2])
        local capacity = tonumber(ARGV[2]) or tonumber(meta[3]) or tonumber(ARGV[3])
        if not epoch then
          epoch, sequence = ARGV[5], 0
          redis.call('DEL', KEYS[2])
        end
        sequence = sequence + 1
        redis.call('RPUSH', KEYS[2], ARGV[1])
        redis.call('HSET', KEYS[1], 'epoch', epoch, 'sequence', sequence)
        if ARGV[2] ~= '' then
          redis.call('HSET', KEYS[1], 'capacity', capacity)
        end
        redis.call('LTRIM', KEYS[2], -capacity, -1)
        redis.call('PEXPIRE', KEYS[1], ARGV[4])
        redis.call('PEXPIRE', KEYS[2], ARGV[4])
        if ARGV[6] ~= '' then
          redis.call('HSET', KEYS[3], 'epoch', epoch, 'sequence', sequence)
          redis.call('PEXPIRE', KEYS[3], ARGV[7])
        end
        return {epoch, sequence, 1}
        """;

    /// <summary>Reads what a room has stored after a position, together with its top, as of one instant.</summary>
    /// <remarks>ARGV: the reader's epoch and sequence; an epoch that is not the room's, such as an empty one, gets all there is.</remarks>
    public const string Read =
        """
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence')
        if not meta[1] then
          return {}
        end
        local stored = redis.call('LLEN', KEYS[2])
        local count = stored
        if ARGV[1] == meta[1] and tonumber(ARGV[2]) <= tonumber(meta[2]) then
          count = math.min(stored, tonumber(meta[2]) - tonumber(ARGV[2]))
        end
        local entries = {}
        if count > 0 then
          entries = redis.call('LRANGE', KEYS[2], -count, -1)
        end
        return {meta[1], tonumber(meta[2]), stored, entries}
        """;
}
