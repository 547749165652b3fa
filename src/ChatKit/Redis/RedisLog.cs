using Microsoft.Extensions.Logging;

namespace ChatKit.Redis;

internal static partial class RedisLog
{
    [LoggerMessage(400, LogLevel.Error,
        "Redis at {Server} cannot be reached ({Problem}). Until it can, messages are not stored; reconnecting goes on by itself.")]
    public static partial void RedisAway(this ILogger logger, string server, string problem);

    [LoggerMessage(401, LogLevel.Information, "Redis at {Server} is back.")]
    public static partial void RedisBack(this ILogger logger, string server);

    [LoggerMessage(402, LogLevel.Error, "Redis refuses: {Problem}. Messages are not stored, or not read, as long as it does.")]
    public static partial void RedisRefuses(this ILogger logger, string problem);
}
