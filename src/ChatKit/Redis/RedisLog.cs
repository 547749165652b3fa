using Microsoft.Extensions.Logging;

namespace ChatKit.Redis;

internal static partial class RedisLog
{
    [LoggerMessage(400, LogLevel.Error,
        "Redis at {Server} cannot be reached ({Problem}). Until it can, messages are not stored; reconnecting goes on by itself.")]
    public static partial void RedisAway(this ILogger logger, LogText server, LogText problem);

    [LoggerMessage(401, LogLevel.Information, "Redis at {Server} is back.")]
    public static partial void RedisBack(this ILogger logger, LogText server);

    [LoggerMessage(402, LogLevel.Error, "Redis refuses: {Problem}. Messages are not stored, or not read, as long as it does.")]
    public static partial void RedisRefuses(this ILogger logger, LogText problem);

    [LoggerMessage(403, LogLevel.Error,
        "Something came on the channel of room {Room} that is no message ({Problem}). It is ignored; what was stored is read from the "
        + "history. It may be of a newer version of ChatKit, or of another application. Others of this kind are not told of.")]
    public static partial void PayloadUnreadable(this ILogger logger, LogText room, LogText problem);

    [LoggerMessage(404, LogLevel.Error, "Room {Room} could not be taken up again after Redis was away. It is tried again.")]
    public static partial void HealingFailed(this ILogger logger, LogText room, Exception exception);

    [LoggerMessage(405, LogLevel.Error,
        "Garnet at {Server} does not run scripts atomically and is not used: messages could get the same position. No message is stored. "
        + "Start Garnet with --lua --lua-transaction-mode.")]
    public static partial void ScriptsNotAtomic(this ILogger logger, LogText server);

    [LoggerMessage(406, LogLevel.Warning,
        "Redis at {Server} evicts keys when its memory is full (maxmemory-policy {Policy}). Rooms then lose their histories, and messages that "
        + "clients send again may be stored twice. Set maxmemory-policy to noeviction.")]
    public static partial void RedisEvicts(this ILogger logger, LogText server, LogText policy);

    [LoggerMessage(407, LogLevel.Debug,
        "Room {Room}: a message was stored and could not be published. The nodes find it when they compare the room with its history.")]
    public static partial void StoredNotPublished(this ILogger logger, LogText room, Exception exception);
}
