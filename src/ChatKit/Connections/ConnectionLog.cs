using Microsoft.Extensions.Logging;

namespace ChatKit.Connections;

internal static partial class ConnectionLog
{
    [LoggerMessage(100, LogLevel.Debug, "Connection {ConnectionId} opened, home room {Room}.")]
    public static partial void Opened(this ILogger logger, LogText connectionId, LogText room);

    [LoggerMessage(101, LogLevel.Debug, "Connection {ConnectionId} closed with {Code}, clean: {WasClean}.")]
    public static partial void Closed(this ILogger logger, LogText connectionId, int code, bool wasClean);

    [LoggerMessage(102, LogLevel.Error, "The handler of connection {ConnectionId} failed; the connection is closed (1011).")]
    public static partial void HandlerFailed(this ILogger logger, LogText connectionId, Exception exception);

    [LoggerMessage(103, LogLevel.Error, "The handler of connection {ConnectionId} failed in OnCloseAsync or when it was disposed of.")]
    public static partial void CloseFailed(this ILogger logger, LogText connectionId, Exception exception);

    [LoggerMessage(104, LogLevel.Debug, "A message of connection {ConnectionId} was not broadcast: {Problem}")]
    public static partial void NotStored(this ILogger logger, LogText connectionId, LogText problem);

    [LoggerMessage(105, LogLevel.Error, "Connection {ConnectionId}: a callback of the Aborted token failed.")]
    public static partial void AbortedCallbackFailed(this ILogger logger, LogText connectionId, Exception exception);

    [LoggerMessage(106, LogLevel.Error, "Connection {ConnectionId}: the handler or a service of its scope failed to be disposed of.")]
    public static partial void DisposeFailed(this ILogger logger, LogText connectionId, Exception exception);

    [LoggerMessage(107, LogLevel.Debug, "Connection {ConnectionId}: the handler refused a message ({Code}).")]
    public static partial void MessageRefused(this ILogger logger, LogText connectionId, LogText code);

    [LoggerMessage(130, LogLevel.Information, "Connection {ConnectionId} of user {User} may not be in room {Room}.")]
    public static partial void RoomDenied(this ILogger logger, LogText connectionId, LogText user, LogText room);

    [LoggerMessage(131, LogLevel.Error, "Connection {ConnectionId} is closed (1011), because it failed to join room {Room}.")]
    public static partial void JoinFailed(this ILogger logger, LogText connectionId, LogText room, Exception exception);

    [LoggerMessage(140, LogLevel.Information, "Connection {ConnectionId} sends more than it may and is closed (1008).")]
    public static partial void RateExceeded(this ILogger logger, LogText connectionId);

    [LoggerMessage(150, LogLevel.Information, "The host stops: {Count} connections are closed (1012) over {Time}.")]
    public static partial void Draining(this ILogger logger, int count, TimeSpan time);

    [LoggerMessage(151, LogLevel.Warning,
        "The host's time to stop is over: {Count} connections are cut. DrainTime and CloseTimeout together should be shorter than HostOptions.ShutdownTimeout.")]
    public static partial void DrainCutShort(this ILogger logger, int count);
}
