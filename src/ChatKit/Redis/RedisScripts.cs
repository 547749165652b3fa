namespace ChatKit.Redis;

/// <summary>The scripts for a room's history. Redis runs each script atomically, so the state between a push and its trim is never visible.</summary>
/// <remarks>
/// A room's meta hash contains its epoch, its last sequence, and its capacity if one was passed. After the store has lost messages that
/// nodes had delivered, it also contains <c>parent</c>, the previous epoch, and <c>fork</c>, the last sequence that both streams share.
/// </remarks>
internal static class RedisScripts
{
    /// <summary>
    /// Stores a message, assigns its position and publishes it. A server that is out of memory refuses the first write, so either all
    /// writes succeed or none.
    /// </summary>
    /// <remarks>
    /// KEYS: the meta hash; the list; the idempotency key, if there is one. ARGV: the entry; the capacity, or an empty text for the stored
    /// one (the larger of the two applies); the default capacity; the time to live in milliseconds; the epoch to use if a new one starts;
    /// the lifetime of the idempotency key in milliseconds; the epoch and the sequence that the caller knows to be stored; the command that
    /// publishes, or an empty text; the channel.
    /// </remarks>
    public static RedisScript Append { get; } = new(
        """
        if KEYS[3] then
          local first = redis.call('GET', KEYS[3])
          if first then
            local epoch, sequence = string.match(first, '^(.*):(%d+)$')
            return {epoch, tonumber(sequence), 0}
          end
        end
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'capacity')
        local epoch, sequence = meta[1], tonumber(meta[2]) or 0
        local named, kept = tonumber(ARGV[2]) or 0, tonumber(meta[3]) or 0
        local capacity = math.max(named, kept)
        if capacity == 0 then
          capacity = tonumber(ARGV[3])
        end
        if not epoch then
          epoch, capacity = ARGV[5], math.max(capacity, 1)
          redis.call('RPUSH', KEYS[2], ARGV[1])
          redis.call('LTRIM', KEYS[2], -1, -1)
        else
          if epoch == ARGV[7] and sequence < tonumber(ARGV[8]) then
            redis.call('HSET', KEYS[1], 'epoch', ARGV[5], 'parent', epoch, 'fork', sequence)
            epoch = ARGV[5]
          end
          if redis.call('RPUSH', KEYS[2], ARGV[1]) > capacity then
            redis.call('LTRIM', KEYS[2], -capacity, -1)
          end
        end
        sequence = sequence + 1
        if named > kept then
          redis.call('HSET', KEYS[1], 'epoch', epoch, 'sequence', sequence, 'capacity', ARGV[2])
        else
          redis.call('HSET', KEYS[1], 'epoch', epoch, 'sequence', sequence)
        end
        redis.call('PEXPIRE', KEYS[1], ARGV[4] * 2)
        redis.call('PEXPIRE', KEYS[2], ARGV[4])
        local position = epoch .. ':' .. string.format('%.0f', sequence)
        if KEYS[3] then
          redis.call('SET', KEYS[3], position, 'PX', ARGV[6])
        end
        if ARGV[9] ~= '' then
          redis.call(ARGV[9], ARGV[10], position .. '\n' .. ARGV[1])
        end
        return {epoch, sequence, 1}
        """);

    /// <summary>Reads a consistent snapshot of a room's messages after a position, and its last position.</summary>
    /// <remarks>
    /// ARGV: the reader's epoch and sequence, both empty if it has none; the time to live in milliseconds; the size in bytes at which the
    /// answer ends. Each read keeps the meta hash alive, even when the messages have expired, so that the positions continue. Returns the
    /// epoch, the sequence, the number of messages after the reader's position that are no longer stored, whether the reader has a position
    /// of another stream, the first entries, and the total number of entries; nothing if the room is empty.
    /// </remarks>
    public static RedisScript Read { get; } = new(
        """
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'parent', 'fork')
        if not meta[1] then
          return {}
        end
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
          redis.call('PEXPIRE', KEYS[1], ARGV[3])
        end
        local top, stored = tonumber(meta[2]), redis.call('LLEN', KEYS[2])
        local wanted, restarted = top, 0
        if ARGV[2] == '' then
          wanted = stored
        elseif ARGV[2] ~= '0' then
          local after, fork = tonumber(ARGV[2]), tonumber(meta[4])
          if ARGV[1] == meta[1] and after <= top then
            wanted = top - after
          elseif ARGV[1] == meta[3] then
            restarted = after > fork and 1 or 0
            wanted = top - math.min(after, fork)
          else
            restarted = 1
          end
        end
        local count, limit, entries, bytes = math.min(wanted, stored), tonumber(ARGV[4]), {}, 0
        for from = -count, -1, 8 do
          for _, entry in ipairs(redis.call('LRANGE', KEYS[2], from, math.min(from + 7, -1))) do
            if bytes < limit then
              entries[#entries + 1], bytes = entry, bytes + #entry
            end
          end
          if bytes >= limit then
            break
          end
        end
        return {meta[1], top, wanted - count, restarted, entries, count}
        """);

    /// <summary>
    /// Starts a new epoch if the store has lost messages that the caller knows to be stored. Otherwise new messages would take their
    /// positions.
    /// </summary>
    /// <remarks>
    /// ARGV: the epoch and the sequence that the caller knows; the epoch to use if a new one starts. Returns the epoch and the sequence.
    /// </remarks>
    public static RedisScript Fork { get; } = new(
        """
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence')
        if not meta[1] then
          return {}
        end
        if meta[1] == ARGV[1] and tonumber(meta[2]) < tonumber(ARGV[2]) then
          redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'parent', meta[1], 'fork', meta[2])
          return {ARGV[3], tonumber(meta[2])}
        end
        return {meta[1], tonumber(meta[2])}
        """);
}
