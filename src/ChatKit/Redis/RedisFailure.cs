using StackExchange.Redis;

namespace ChatKit.Redis;

internal static class RedisFailure
{
    /// <summary>Whether Redis, or the connection to it, caused an exception. The client library's exceptions have no common base class.</summary>
    public static bool IsCauseOf(Exception exception) =>
        exception is RedisException or RedisTimeoutException or RedisCommandException or ObjectDisposedException;
}
