using Microsoft.Extensions.Logging;

namespace ChatKit.Monitor.Endpoints;

internal static partial class EndpointLog
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
}
