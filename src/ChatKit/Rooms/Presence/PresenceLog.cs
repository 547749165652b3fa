using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms.Presence;

internal static partial class PresenceLog
{
    [LoggerMessage(EventId = 209, Message = "Who is in a room cannot be stored, or read, yet; it is tried again.")]
    public static partial void PresenceFailed(this ILogger logger, LogLevel level, Exception exception);
}
