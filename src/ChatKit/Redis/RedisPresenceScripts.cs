namespace ChatKit.Redis;

/// <summary>
/// The scripts for presence. KEYS: a hash with a field for each member. The field's value has an entry "node=time;" for each node, with the
/// time until which the entry is valid, and, after a line feed, the member's data, if it has some. A room has only one key, so a server that
/// evicts keys removes all of a room or nothing, and the nodes restore it. All times are by the clock of Redis, which all nodes share.
/// </summary>
internal static class RedisPresenceScripts
{
    /// <summary>The time after which the key of an empty room expires, in milliseconds. It is longer than any entry is valid.</summary>
    private const string KeyLifetime = "600000";

    /// <summary>Splits a value into its entries and its data, and returns a member's valid entries from nodes other than the given one.</summary>
    private const string Others =
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local function split(value)
          value = value or ''
          local at = string.find(value, '\n', 1, true)
          if at then
            return string.sub(value, 1, at - 1), string.sub(value, at + 1)
          end
          return value, ''
        end
        local function joined(entries, data)
          return data == '' and entries or entries .. '\n' .. data
        end
        local function others(entries, node)
          local rest = ''
          for name, till in string.gmatch(entries, '([^=]+)=(%d+);') do
            if name ~= node and tonumber(till) > now then
              rest = rest .. name .. '=' .. till .. ';'
            end
          end
          return rest
        end

        """;

    /// <summary>Adds members, and returns the number of members for which the node had no entry, or for which the server has lost it.</summary>
    /// <remarks>
    /// ARGV: the node; how long the entries are valid, in milliseconds; whether stored data is kept, 0 or 1; the members, each followed by its
    /// data, which is empty if it has none.
    /// </remarks>
    public static RedisScript Enter { get; } = new(
        Others
        + """
        local members, fields, unknown = {}, {}, 0
        for i = 4, #ARGV, 2 do
          members[#members + 1] = ARGV[i]
        end
        local own = ARGV[1] .. '=' .. string.format('%.0f', now + ARGV[2]) .. ';'
        for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(members))) do
          local entries, data = split(value)
          local new = ARGV[3 + 2 * i]
          if not string.find(entries, ARGV[1] .. '=', 1, true) then
            unknown = unknown + 1
          end
          if new ~= '' and (data == '' or ARGV[3] == '0') then
            data = new
          end
          fields[#fields + 1] = members[i]
          fields[#fields + 1] = joined(others(entries, ARGV[1]) .. own, data)
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
        local entries, data = split(redis.call('HGET', KEYS[1], ARGV[2]))
        if not string.find(entries, ARGV[1] .. '=', 1, true) then
          return 0
        end
        local rest = others(entries, ARGV[1])
        if rest == '' then
          return redis.call('HDEL', KEYS[1], ARGV[2])
        end
        redis.call('HSET', KEYS[1], ARGV[2], joined(rest, data))
        return 0
        """);

    /// <summary>Removes expired entries, and lists the members.</summary>
    public static RedisScript List { get; } = Listing("");

    /// <summary>Removes expired entries, and lists the members, each followed by its data, which is empty if it has none.</summary>
    public static RedisScript Read { get; } = Listing("here[#here + 1] = data");

    /// <summary>
    /// Counts the members. Removes expired entries: all if the room is small, and otherwise those in a random sample, because the others are
    /// not looked at.
    /// </summary>
    public static RedisScript Count { get; } = new(
        Others
        + """
        local count = redis.call('HLEN', KEYS[1])
        local some
        if count <= 1000 then
          some = redis.call('HGETALL', KEYS[1])
        else
          some = redis.pcall('HRANDFIELD', KEYS[1], 100, 'WITHVALUES')
        end
        for i = 1, #some, 2 do
          if others((split(some[i + 1]))) == '' then
            count = count - redis.call('HDEL', KEYS[1], some[i])
          end
        end
        return count
        """);

    private static RedisScript Listing(string addData) => new(
        Others
        + $$"""
        local all, here = redis.call('HGETALL', KEYS[1]), {}
        for i = 1, #all, 2 do
          local entries, data = split(all[i + 1])
          if others(entries) == '' then
            redis.call('HDEL', KEYS[1], all[i])
          else
            here[#here + 1] = all[i]
            {{addData}}
          end
        end
        return here
        """);
}
