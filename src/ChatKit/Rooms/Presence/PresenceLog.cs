using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms.Presence;

internal static partial class PresenceLog
{
    [LoggerMessage(EventId = 209, Message = "Presence cannot be stored or read. ChatKit tries again.")]
    public static partial void PresenceFailed(this ILogger logger, LogLevel level, Exception exception);
}
