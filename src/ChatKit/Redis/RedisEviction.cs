using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>Whether the server drops keys when its memory is full.</summary>
internal static class RedisEviction
{
    private const string None = "noeviction";

    /// <summary>The client library lets only administrators ask for it; a script may.</summary>
    private const string Script = "return redis.call('INFO', 'memory')";

    /// <summary>
    /// The policy by which the server evicts keys; null if it does not, or does not say. A policy of "volatile" is no better: every key of
    /// ChatKit has a time to live.
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
        catch (Exception e) when (RedisConnection.IsOfRedis(e))
        {
            // It is away, or may not be asked.
            return null;
        }
    }
}
