using Microsoft.Extensions.Logging;

namespace ChatKit.Monitor.Nodes;

/// <summary>All events of the package: the generator writes two classes in a random order, and the package would differ from build to build.</summary>
internal static partial class MonitorLog
{
    [LoggerMessage(500, LogLevel.Information, "The operator {Operator} has closed the connection {ConnectionId}.")]
    public static partial void ConnectionClosed(this ILogger logger, LogText @operator, LogText connectionId);

    [LoggerMessage(501, LogLevel.Information, "The operator {Operator} has disconnected the user {UserId} on all nodes.")]
    public static partial void UserDisconnected(this ILogger logger, LogText @operator, LogText userId);

    [LoggerMessage(502, LogLevel.Information, "The operator {Operator} has deleted the message {Position} of the room {Room}.")]
    public static partial void MessageDeleted(this ILogger logger, LogText @operator, MessagePosition position, LogText room);

    [LoggerMessage(503, LogLevel.Warning,
        "A request for {Path} was refused, because the operators' page of this host has not sent it. The origin is {Origin}, the user {Operator}.")]
    public static partial void RequestRefused(this ILogger logger, LogText path, LogText origin, LogText @operator);

    [LoggerMessage(504, LogLevel.Warning,
        "The operator {Operator} has asked to close the connection {ConnectionId}, but not all nodes have answered. It may still be open.")]
    public static partial void ConnectionMayBeClosed(this ILogger logger, LogText @operator, LogText connectionId);

    [LoggerMessage(510, LogLevel.Warning, "This node can't receive the questions of the operators' page. It tries again.")]
    public static partial void NotSubscribed(this ILogger logger, Exception exception);

    [LoggerMessage(511, LogLevel.Debug, "A question of the operators' page could not be answered. The page asks again.")]
    public static partial void NotAnswered(this ILogger logger, Exception exception);

    [LoggerMessage(512, LogLevel.Debug, "{Count} nodes have not answered the operators' page in time. It shows the others.")]
    public static partial void Unanswered(this ILogger logger, int count);
}
