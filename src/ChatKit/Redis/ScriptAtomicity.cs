using System.Globalization;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>
/// Checks whether the server runs scripts atomically. Redis does. Garnet does so only with a startup option; without it, messages that are
/// stored at the same time get the same position.
/// </summary>
internal static class ScriptAtomicity
{
    /// <summary>How long a script watches its key, in microseconds. It is longer than the second of two scripts usually takes to arrive.</summary>
    private const int WatchTime = 5_000;

    /// <summary>If the second script starts within this time after the end of the first, in microseconds, it has probably waited.</summary>
    private const int MaxHandover = 200;

    /// <summary>How often one script must have waited for the other. On a busy machine, one can start at the end of the other by chance.</summary>
    private const int Handovers = 3;

    /// <summary>
    /// The maximum number of rounds. If two scripts rarely run at the same time on a busy machine, the check gives up and accepts the
    /// server.
    /// </summary>
    private const int MaxRounds = 50;

    private const string LuaDisabled = "Lua scripting support disabled";

    /// <summary>
    /// Watches a key for changes. ARGV: the duration in microseconds. Returns whether the key changed, and the script's start and end
    /// times.
    /// </summary>
    private static readonly RedisScript Watch = new(
        """
        local function now()
          local time = redis.call('TIME')
          return time[1] * 1000000 + time[2]
        end
        local start = now()
        local own = redis.call('INCR', KEYS[1])
        redis.call('PEXPIRE', KEYS[1], 10000)
        local changed, time
        repeat
          time = now()
          changed = tonumber(redis.call('GET', KEYS[1])) ~= own
        until changed or time > start + ARGV[1]
        return {changed and 1 or 0, string.format('%.0f', start), string.format('%.0f', now())}
        """);

    /// <summary>Whether the type of a server may not run scripts atomically. It is known from the handshake, so no command is needed.</summary>
    public static bool IsInDoubt(IConnectionMultiplexer multiplexer) => multiplexer.GetServers().Any(
        static server => server.IsConnected && server.GetProductVariant(out _) == ProductVariant.Garnet);

    /// <summary>
    /// Runs two scripts at the same time, on one key. If scripts are atomic, neither sees the other's change, and one starts when the other
    /// ends.
    /// </summary>
    /// <param name="one">The database on one connection.</param>
    /// <param name="other">The same database on another connection, because commands on one connection never run concurrently.</param>
    /// <param name="prefix">The prefix of the key.</param>
    /// <returns>False if scripts aren't atomic or aren't supported. True if they are atomic, or if the two never ran at the same time.</returns>
    /// <exception cref="RedisException">The connection was lost, or the user has no permission.</exception>
    public static async Task<bool> IsGivenAsync(IDatabase one, IDatabase other, string prefix)
    {
        RedisKey[] keys = [$"{prefix}atomicity:{Guid.NewGuid():n}"];
        try
        {
            for (int round = 0, handovers = 0; round < MaxRounds && handovers < Handovers; round++)
            {
                var runs = await Task.WhenAll(RunAsync(one, keys), RunAsync(other, keys)).ConfigureAwait(false);
                if (runs[0].Changed || runs[1].Changed)
                    return false;
                if (Math.Max(runs[0].Start, runs[1].Start) - Math.Min(runs[0].End, runs[1].End) is >= 0 and <= MaxHandover)
                    handovers++;
            }
        }
        catch (RedisServerException e) when (e.Message.Contains(LuaDisabled, StringComparison.Ordinal))
        {
            return false;
        }

        return true;
    }

    private static async Task<(bool Changed, long Start, long End)> RunAsync(IDatabase database, RedisKey[] keys)
    {
        var answer = (RedisValue[])(await Watch.RunAsync(database, keys, [WatchTime]).ConfigureAwait(false))!;
        return ((bool)answer[0], Time(answer[1]), Time(answer[2]));
    }

    private static long Time(RedisValue value) => long.Parse((string)value!, CultureInfo.InvariantCulture);
}
