using Microsoft.Extensions.Logging;

namespace ChatKit.Monitor.Nodes;

internal static partial class NodeLog
{
    [LoggerMessage(510, LogLevel.Warning, "This node can't receive the questions of the operators' page. It tries again.")]
    public static partial void NotSubscribed(this ILogger logger, Exception exception);

    [LoggerMessage(511, LogLevel.Debug, "A question of the operators' page could not be answered. The page asks again.")]
    public static partial void NotAnswered(this ILogger logger, Exception exception);

    [LoggerMessage(512, LogLevel.Debug, "{Count} nodes have not answered the operators' page in time. It shows the others.")]
    public static partial void Unanswered(this ILogger logger, int count);
}
