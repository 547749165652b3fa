namespace ChatKit.Redis;

/// <summary>
/// The scripts that keep who is in a room. KEYS: a hash of the members; of each, what the nodes say: "node=time;" for each of them, with the
/// time until which it holds. One key, so that a server which evicts keys forgets all of a room or nothing, and what it has forgotten the
/// nodes say again. By the clock of Redis, which is one for all nodes.
/// </summary>
internal static class RedisPresenceScripts
{
    /// <summary>After this time, in milliseconds, the key of a room that everybody has left is gone. Longer than any of it holds.</summary>
    private const string KeyLifetime = "600000";

    /// <summary>What nodes other than one say of a member and still holds.</summary>
    private const string Others =
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local function others(said, node)
          local rest = ''
          for name, till in string.gmatch(said or '', '([^=]+)=(%d+);') do
            if name ~= node and tonumber(till) > now then
              rest = rest .. name .. '=' .. till .. ';'
            end
          end
          return rest
        end

        """;

    /// <summary>Returns of how many members the node had not said that they are there, or the server has lost it.</summary>
    /// <remarks>ARGV: the node; for how long it holds, in milliseconds; the members.</remarks>
    public static RedisScript Enter { get; } = new(
        Others
        + """
        local said, own, fields = redis.call('HMGET', KEYS[1], unpack(ARGV, 3)), ARGV[1] .. '=' .. string.format('%.0f', now + ARGV[2]) .. ';', {}
        local unknown = 0
        for i = 3, #ARGV do
          if not string.find(said[i - 2] or '', ARGV[1] .. '=', 1, true) then
            unknown = unknown + 1
          end
          fields[#fields + 1] = ARGV[i]
          fields[#fields + 1] = others(said[i - 2], ARGV[1]) .. own
        end
        redis.call('HSET', KEYS[1], unpack(fields))
        redis.call('PEXPIRE', KEYS[1],
        """
        + $" {KeyLifetime})\nreturn unknown");

    /// <summary>Tells whether the member is not there any more.</summary>
    /// <remarks>ARGV: the node; the member.</remarks>
    public static RedisScript Leave { get; } = new(
        Others
        + """
        local said = redis.call('HGET', KEYS[1], ARGV[2])
        if not said or not string.find(said, ARGV[1] .. '=', 1, true) then
          return 0
        end
        local rest = others(said, ARGV[1])
        if rest == '' then
          return redis.call('HDEL', KEYS[1], ARGV[2])
        end
        redis.call('HSET', KEYS[1], ARGV[2], rest)
        return 0
        """);

    /// <summary>Drops what does not hold any more, and lists the rest.</summary>
    public static RedisScript List { get; } = new(
        Others
        + """
        local all, here = redis.call('HGETALL', KEYS[1]), {}
        for i = 1, #all, 2 do
          if others(all[i + 1]) == '' then
            redis.call('HDEL', KEYS[1], all[i])
          else
            here[#here + 1] = all[i]
          end
        end
        return here
        """);
}
