using Microsoft.Extensions.Logging;

namespace ChatKit.Redis;

internal static partial class RedisLog
{
    [LoggerMessage(400, LogLevel.Error,
        "Redis at {Server} cannot be reached ({Problem}). Messages are not stored until it is available again. ChatKit reconnects automatically.")]
    public static partial void RedisUnavailable(this ILogger logger, LogText server, LogText problem);

    [LoggerMessage(401, LogLevel.Information, "Redis at {Server} is available again.")]
    public static partial void RedisAvailable(this ILogger logger, LogText server);

    [LoggerMessage(402, LogLevel.Error, "Redis refuses commands ({Problem}). Messages are not stored or not read until this is fixed.")]
    public static partial void RedisRefuses(this ILogger logger, LogText problem);

    [LoggerMessage(403, LogLevel.Error,
        "A payload on the channel of room {Room} is not a message ({Problem}) and is ignored. Stored messages are read from the history. The "
        + "payload may come from a newer version of ChatKit or from another application. Further occurrences are not logged.")]
    public static partial void PayloadUnreadable(this ILogger logger, LogText room, LogText problem);

    [LoggerMessage(404, LogLevel.Error, "Room {Room} could not be resumed after Redis was unavailable. ChatKit tries again.")]
    public static partial void HealingFailed(this ILogger logger, LogText room, Exception exception);

    [LoggerMessage(405, LogLevel.Error,
        "Garnet at {Server} does not run scripts atomically and is not used, because different messages could get the same position. No message "
        + "is stored. Start Garnet with --lua --lua-transaction-mode.")]
    public static partial void ScriptsNotAtomic(this ILogger logger, LogText server);

    [LoggerMessage(406, LogLevel.Warning,
        "Redis at {Server} evicts keys when its memory is full (maxmemory-policy {Policy}). Rooms can then lose their histories, and messages "
        + "that clients send again can be stored twice. Set maxmemory-policy to noeviction.")]
    public static partial void RedisEvicts(this ILogger logger, LogText server, LogText policy);

    [LoggerMessage(407, LogLevel.Debug,
        "A message in room {Room} was stored but could not be published. The nodes find it when they compare the room with its history.")]
    public static partial void StoredNotPublished(this ILogger logger, LogText room, Exception exception);
}
