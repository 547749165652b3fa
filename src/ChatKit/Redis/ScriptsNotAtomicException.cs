using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>The server must not be used, because it does not run scripts atomically.</summary>
internal sealed class ScriptsNotAtomicException(string message) : RedisException(message);
