using Microsoft.Extensions.Logging;

namespace ChatKit.History;

internal static partial class HistoryLog
{
    [LoggerMessage(250, LogLevel.Warning,
        "The history in memory forgets the {Count} rooms that were not used for the longest time, because it keeps at most {Limit}. Raise "
        + "ChatKitOptions.MaxRoomsInMemory, or see who invents rooms.")]
    public static partial void RoomsForgotten(this ILogger logger, int count, int limit);
}
