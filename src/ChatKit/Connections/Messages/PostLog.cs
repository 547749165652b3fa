using Microsoft.Extensions.Logging;

namespace ChatKit.Connections.Messages;

internal static partial class PostLog
{
    [LoggerMessage(141, LogLevel.Warning, "A POST that another node has received could not be answered. The client sends it again.")]
    public static partial void PostNotAnswered(this ILogger logger, Exception exception);
}
