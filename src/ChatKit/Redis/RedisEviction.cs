using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>Detects whether the server evicts keys when its memory is full.</summary>
internal static class RedisEviction
{
    private const string None = "noeviction";

    /// <summary>The client library allows INFO only in admin mode. A script can call it.</summary>
    private const string Script = "return redis.call('INFO', 'memory')";

    /// <summary>
    /// Returns the server's eviction policy; null if it doesn't evict keys, or if this is unknown. A "volatile" policy is no better,
    /// because all of ChatKit's keys have a time to live.
    /// </summary>
    public static async Task<string?> PolicyAsync(IDatabase database)
    {
        try
        {
            var lines = ((string?)await database.ScriptEvaluateAsync(Script).ConfigureAwait(false) ?? "").Split('\n', StringSplitOptions.TrimEntries);
            return ValueOf("maxmemory") is null or "0" || ValueOf("maxmemory_policy") is not { } policy || policy == None ? null : policy;

            string? ValueOf(string name) =>
                lines.FirstOrDefault(line => line.StartsWith($"{name}:", StringComparison.Ordinal))?[(name.Length + 1)..];
        }
        catch (Exception e) when (RedisFailure.IsCauseOf(e))
        {
            // The server is unavailable, or the user has no permission for the command.
            return null;
        }
    }
}
