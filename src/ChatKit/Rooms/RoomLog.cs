using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

internal static partial class RoomLog
{
    [LoggerMessage(200, LogLevel.Debug, "Room {Room}: connection {ConnectionId} reads slowly and is resumed from history.")]
    public static partial void MemberBehind(this ILogger logger, LogText room, LogText connectionId);

    [LoggerMessage(201, LogLevel.Information, "Room {Room}: connection {ConnectionId} read too slowly and is closed (1008).")]
    public static partial void SlowMemberClosed(this ILogger logger, LogText room, LogText connectionId);

    [LoggerMessage(EventId = 202, Message = "Room {Room}: connection {ConnectionId} cannot catch up yet; it is tried again.")]
    public static partial void CatchUpFailed(this ILogger logger, LogLevel level, LogText room, LogText connectionId, Exception exception);

    [LoggerMessage(EventId = 203, Message = "Room {Room}: missing messages cannot be read from history yet; it is tried again.")]
    public static partial void FillFailed(this ILogger logger, LogLevel level, LogText room, Exception exception);

    [LoggerMessage(204, LogLevel.Warning, "Room {Room}: {Missed} messages were lost on the way and are no longer in the history.")]
    public static partial void MessagesMissed(this ILogger logger, LogText room, long missed);

    [LoggerMessage(205, LogLevel.Warning, "Room {Room}: the history has lost its stream and goes on at {Position}.")]
    public static partial void StreamRestarted(this ILogger logger, LogText room, MessagePosition position);

    [LoggerMessage(206, LogLevel.Error, "Room {Room}: a message could not be delivered.")]
    public static partial void FanOutFailed(this ILogger logger, LogText room, Exception exception);

    [LoggerMessage(208, LogLevel.Debug, "Room {Room}: connection {ConnectionId} reads slowly and was not given {Count} ephemeral messages.")]
    public static partial void EphemeralDropped(this ILogger logger, LogText room, LogText connectionId, int count);

    [LoggerMessage(210, LogLevel.Warning,
        "Room {Room}: the backplane delivered an announcement that this version of ChatKit does not know. It is ignored. Further ones are not logged.")]
    public static partial void AnnouncementUnreadable(this ILogger logger, LogText room);

    [LoggerMessage(EventId = 211, Message = "Which users were disconnected cannot be read yet; it is tried again.")]
    public static partial void DisconnectsUnread(this ILogger logger, LogLevel level, Exception exception);

    [LoggerMessage(212, LogLevel.Warning,
        "Users were disconnected while this node could not read of it, and which is not stored any more. Some may still be connected here.")]
    public static partial void DisconnectsMissed(this ILogger logger);

    [LoggerMessage(213, LogLevel.Debug, "A user is disconnected, which could be stored and not announced. The nodes find it at their next check.")]
    public static partial void DisconnectNotAnnounced(this ILogger logger, Exception exception);

    [LoggerMessage(220, LogLevel.Debug, "Room {Room}: connection {ConnectionId} is told that it has missed messages: {Missed} (none = their number is not known).")]
    public static partial void MemberMissed(this ILogger logger, LogText room, LogText connectionId, long? missed);

    [LoggerMessage(221, LogLevel.Warning, "Room {Room}: {Missed} messages were lost on the way; nobody here is given them from the history.")]
    public static partial void MessagesLost(this ILogger logger, LogText room, long missed);

    [LoggerMessage(207, LogLevel.Warning, "Room {Room}: the subscription to the backplane could not be ended.")]
    public static partial void UnsubscribeFailed(this ILogger logger, LogText room, Exception exception);

    [LoggerMessage(240, LogLevel.Warning,
        "Room {Room}: more comes than can be delivered; what is stored is read from history instead, and what is not is lost.")]
    public static partial void Overloaded(this ILogger logger, LogText room);
}
