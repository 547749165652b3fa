namespace ChatKit.Redis;

/// <summary>
/// The scripts that keep who is in a room. KEYS: a sorted set of what the nodes say, each "member, line feed, node" with the time until
/// which it holds; a hash of how many nodes say so of each member. By the clock of Redis, which is one for all nodes.
/// </summary>
internal static class RedisPresenceScripts
{
    /// <summary>After this time, in milliseconds, the keys of a room that everybody has left are gone. Longer than any of it holds.</summary>
    private const string KeyLifetime = "600000";

    /// <summary>What one node says is over. Tells whether no other says it.</summary>
    private const string Forget =
        """
        local function forget(entry)
          redis.call('ZREM', KEYS[1], entry)
          local member = string.match(entry, '^(.*)\n')
          if redis.call('HINCRBY', KEYS[2], member, -1) > 0 then
            return 0
          end
          redis.call('HDEL', KEYS[2], member)
          return 1
        end

        """;

    private const string Now =
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)

        """;

    /// <remarks>ARGV: the node; for how long it holds, in milliseconds; the members.</remarks>
    public static RedisScript Enter { get; } = new(
        Now
        + """
        for i = 3, #ARGV do
          if redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[i] .. '\n' .. ARGV[1]) == 1 then
            redis.call('HINCRBY', KEYS[2], ARGV[i], 1)
          end
        end
        redis.call('PEXPIRE', KEYS[1],
        """
        + $" {KeyLifetime})\nredis.call('PEXPIRE', KEYS[2], {KeyLifetime})\nreturn 1");

    /// <summary>Tells whether the member is not there any more.</summary>
    /// <remarks>ARGV: the node; the member.</remarks>
    public static RedisScript Leave { get; } = new(
        Forget
        + """
        local entry = ARGV[2] .. '\n' .. ARGV[1]
        if not redis.call('ZSCORE', KEYS[1], entry) then
          return 0
        end
        return forget(entry)
        """);

    /// <summary>Drops what does not hold any more, and lists the rest.</summary>
    public static RedisScript List { get; } = new(
        Forget
        + Now
        + """
        for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
          forget(entry)
        end
        return redis.call('HKEYS', KEYS[2])
        """);
}
