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

    [LoggerMessage(103, LogLevel.Error, "Connection {ConnectionId}: OnCloseAsync of the handler failed.")]
    public static partial void CloseFailed(this ILogger logger, LogText connectionId, Exception exception);

    [LoggerMessage(104, LogLevel.Debug, "A message of connection {ConnectionId} was not broadcast: {Problem}")]
    public static partial void NotStored(this ILogger logger, LogText connectionId, LogText problem);

    [LoggerMessage(105, LogLevel.Error, "Connection {ConnectionId}: a callback of the Aborted token failed.")]
    public static partial void AbortedCallbackFailed(this ILogger logger, LogText connectionId, Exception exception);

    [LoggerMessage(106, LogLevel.Error, "Connection {ConnectionId}: disposing of the handler or of a service in its scope failed.")]
    public static partial void DisposeFailed(this ILogger logger, LogText connectionId, Exception exception);

    [LoggerMessage(107, LogLevel.Debug, "Connection {ConnectionId}: the handler refused a message ({Code}).")]
    public static partial void MessageRefused(this ILogger logger, LogText connectionId, LogText code);

    [LoggerMessage(130, LogLevel.Information, "Connection {ConnectionId} of user {User} was denied access to room {Room}.")]
    public static partial void RoomDenied(this ILogger logger, LogText connectionId, LogText user, LogText room);

    [LoggerMessage(131, LogLevel.Error, "Connection {ConnectionId} is closed (1011), because it failed to join room {Room}.")]
    public static partial void JoinFailed(this ILogger logger, LogText connectionId, LogText room, Exception exception);

    [LoggerMessage(410, LogLevel.Warning,
        "Connection {ConnectionId} of user {User} was not added to room {Room}, because it is in MaxRoomsPerConnection rooms.")]
    public static partial void TooManyRooms(this ILogger logger, LogText connectionId, LogText user, LogText room);

    [LoggerMessage(140, LogLevel.Information, "Connection {ConnectionId} exceeded MaxMessagesPerSecond and is closed (1008).")]
    public static partial void RateExceeded(this ILogger logger, LogText connectionId);

    [LoggerMessage(150, LogLevel.Information, "The host stops: {Count} connections are closed (1012) over {Time}.")]
    public static partial void Draining(this ILogger logger, int count, TimeSpan time);

    [LoggerMessage(151, LogLevel.Warning,
        "The shutdown timeout expired: {Count} connections are aborted. Make HostOptions.ShutdownTimeout longer than DrainTime and "
        + "CloseTimeout together.")]
    public static partial void DrainCutShort(this ILogger logger, int count);
}
