using StackExchange.Redis;

namespace ChatKit.Redis;

/// <summary>The exception that is thrown when the server can't be used, because it doesn't run scripts atomically.</summary>
internal sealed class ScriptsNotAtomicException(string message) : RedisException(message);
