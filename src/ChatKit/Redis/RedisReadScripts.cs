namespace ChatKit.Redis;

/// <summary>
/// The scripts for read cursors. KEYS: the room's meta hash; its list of messages; a hash with a user's cursor, written as a position, in
/// each field. The hash expires as late as the meta hash of a room that is not used.
/// </summary>
internal static class RedisReadScripts
{
    /// <summary>Moves a user's cursor forward, and returns its sequence; nothing if it was not moved.</summary>
    /// <remarks>
    /// ARGV: the user; the epoch and the sequence to which to move; the time to live in milliseconds; the room's epoch and last sequence if
    /// its messages are not stored in Redis, otherwise empty.
    /// </remarks>
    public static RedisScript Move { get; } = new(
        """
        local epoch, top, parent, fork = ARGV[5], ARGV[6]
        if epoch == '' then
          local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'parent', 'fork')
          epoch, top, parent, fork = meta[1], meta[2], meta[3], tonumber(meta[4])
        end
        local function isOfStream(of, sequence)
          return of == epoch or (of == parent and sequence <= fork)
        end
        if not epoch or not isOfStream(ARGV[2], tonumber(ARGV[3])) then
          return false
        end
        local to = math.min(tonumber(ARGV[3]), tonumber(top))
        local known = redis.call('HGET', KEYS[3], ARGV[1])
        if known then
          local of, sequence = string.match(known, '^(.*):(%d+)$')
          if isOfStream(of, tonumber(sequence)) and tonumber(sequence) >= to then
            return false
          end
        end
        redis.call('HSET', KEYS[3], ARGV[1], epoch .. ':' .. string.format('%.0f', to))
        redis.call('PEXPIRE', KEYS[3], ARGV[4])
        return to
        """);

    /// <summary>
    /// Returns the room's epoch and last sequence, the sequence of a user's cursor, 0 if it has none in this epoch, and the number of stored
    /// messages behind it; nothing if the room is empty.
    /// </summary>
    /// <remarks>ARGV: the user; the time to live in milliseconds.</remarks>
    public static RedisScript Get { get; } = new(
        """
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'sequence', 'parent', 'fork')
        if not meta[1] then
          return {}
        end
        local top, unread, read = tonumber(meta[2]), redis.call('LLEN', KEYS[2]), 0
        local known = redis.call('HGET', KEYS[3], ARGV[1])
        if known then
          redis.call('PEXPIRE', KEYS[3], ARGV[2])
          local of, sequence = string.match(known, '^(.*):(%d+)$')
          if of == meta[1] or (of == meta[3] and tonumber(sequence) <= tonumber(meta[4])) then
            read = tonumber(sequence)
            unread = math.min(unread, math.max(0, top - read))
          end
        end
        return {meta[1], top, read, unread}
        """);

    /// <summary>Returns a user's cursor in a room whose messages are not stored in Redis.</summary>
    /// <remarks>ARGV: the user; the time to live in milliseconds.</remarks>
    public static RedisScript GetCursor { get; } = new(
        """
        redis.call('PEXPIRE', KEYS[3], ARGV[2])
        return redis.call('HGET', KEYS[3], ARGV[1])
        """);
}
