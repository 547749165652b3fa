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
        "A command to {Path} was refused, because the operators' page of this host has not sent it. The origin is {Origin}, the user {Operator}.")]
    public static partial void CommandRefused(this ILogger logger, LogText path, LogText origin, LogText @operator);
}
