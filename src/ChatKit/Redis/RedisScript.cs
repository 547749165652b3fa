using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>A script, which is run by its hash: its text would take more bandwidth than the message.</summary>
internal sealed class RedisScript(string text)
{
    /// <summary>The error of a server that hasn't cached the script.</summary>
    private const string NotCached = "NOSCRIPT";

    private readonly byte[] _hash = Hash(text);

    /// <summary>Runs the script on the primary, because it may write, and a replica may lag behind.</summary>
    public async Task<RedisResult> RunAsync(IDatabase database, RedisKey[] keys, RedisValue[] arguments)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_hash, keys, arguments, CommandFlags.DemandMaster).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.StartsWith(NotCached, StringComparison.Ordinal))
        {
            return await database.ScriptEvaluateAsync(text, keys, arguments, CommandFlags.DemandMaster).ConfigureAwait(false);
        }
    }

    /// <summary>Runs a script that returns an array.</summary>
    /// <param name="database">The database.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="cancellationToken">Cancels the wait. The script may still run.</param>
    public async Task<RedisResult[]> RunAsync(
        IDatabase database, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken) =>
        (RedisResult[])(await RunAsync(database, keys, arguments).WaitAsync(cancellationToken).ConfigureAwait(false))!;

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "Redis identifies scripts by their SHA-1 hash.")]
    private static byte[] Hash(string text) => SHA1.HashData(Encoding.UTF8.GetBytes(text));
}
