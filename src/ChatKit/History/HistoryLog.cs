using Microsoft.Extensions.Logging;

namespace ChatKit.History;

internal static partial class HistoryLog
{
    [LoggerMessage(250, LogLevel.Warning,
        "The in-memory history removed the {Count} least recently used rooms, because it keeps at most {Limit}. Raise "
        + "ChatKitOptions.MaxRoomsInMemory, or find out which clients invent rooms.")]
    public static partial void RoomsRemoved(this ILogger logger, int count, int limit);
}
