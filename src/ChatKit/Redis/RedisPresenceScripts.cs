namespace ChatKit.Redis;

/// <summary>
/// The scripts for presence. KEYS: a hash with a field for each member. The field's value has an entry "node=time;" for each node, with the
/// time until which the entry is valid. A room has only one key, so a server that evicts keys removes all of a room or nothing, and the
/// nodes restore it. All times are by the clock of Redis, which all nodes share.
/// </summary>
internal static class RedisPresenceScripts
{
    /// <summary>The time after which the key of an empty room expires, in milliseconds. It is longer than any entry is valid.</summary>
    private const string KeyLifetime = "600000";

    /// <summary>Returns a member's valid entries from nodes other than the given one.</summary>
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

    /// <summary>Adds members, and returns the number of members for which the node had no entry, or for which the server has lost it.</summary>
    /// <remarks>ARGV: the node; how long the entries are valid, in milliseconds; the members.</remarks>
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

    /// <summary>Removes a member's entry, and returns whether the member has left the room.</summary>
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

    /// <summary>Removes expired entries, and lists the members.</summary>
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
