using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms.Reads;

internal static partial class ReadLog
{
    [LoggerMessage(EventId = 420, Message = "Room {Room}: a read cursor cannot be stored or read.")]
    public static partial void ReadFailed(this ILogger logger, LogLevel level, LogText room, Exception exception);

    [LoggerMessage(421, LogLevel.Debug, "Room {Room}: a read cursor was stored but could not be announced. Clients receive it when they join.")]
    public static partial void ReadNotAnnounced(this ILogger logger, LogText room, Exception exception);
}
