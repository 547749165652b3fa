using Microsoft.Extensions.Logging;

namespace ChatKit.Redis;

internal static partial class RedisLog
{
    [LoggerMessage(400, LogLevel.Error,
        "Redis at {Server} cannot be reached: {Problem}. Messages cannot be stored until it is back; connecting is tried on and on.")]
    public static partial void RedisAway(this ILogger logger, string server, string problem);

    [LoggerMessage(401, LogLevel.Information, "Redis at {Server} is back.")]
    public static partial void RedisBack(this ILogger logger, string server);
}
