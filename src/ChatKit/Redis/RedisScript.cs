using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>A script, and the name by which a server that has run it before knows it: sent with each message, the text would cost more than the message.</summary>
internal sealed class RedisScript(string text)
{
    /// <summary>What a server answers that has not seen the script since it was started.</summary>
    private const string Unknown = "NOSCRIPT";

    private readonly byte[] _name = Name(text);

    /// <summary>Runs the script, on the primary: it may write, and a replica may lag behind what this node knows.</summary>
    public async Task<RedisResult> RunAsync(IDatabase database, RedisKey[] keys, RedisValue[] arguments)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_name, keys, arguments, CommandFlags.DemandMaster).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.StartsWith(Unknown, StringComparison.Ordinal))
        {
            return await database.ScriptEvaluateAsync(text, keys, arguments, CommandFlags.DemandMaster).ConfigureAwait(false);
        }
    }

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "It is how Redis names scripts.")]
    private static byte[] Name(string text) => SHA1.HashData(Encoding.UTF8.GetBytes(text));
}
