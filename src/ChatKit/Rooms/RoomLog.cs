using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

internal static partial class RoomLog
{
    [LoggerMessage(200, LogLevel.Debug, "Room {Room}: connection {ConnectionId} reads slowly and is resumed from history.")]
    public static partial void MemberBehind(this ILogger logger, LogText room, LogText connectionId);

    [LoggerMessage(201, LogLevel.Information, "Room {Room}: connection {ConnectionId} read too slowly and is closed (1008).")]
    public static partial void SlowMemberClosed(this ILogger logger, LogText room, LogText connectionId);

    [LoggerMessage(EventId = 202, Message = "Room {Room}: connection {ConnectionId} cannot read the history. ChatKit tries again.")]
    public static partial void CatchUpFailed(this ILogger logger, LogLevel level, LogText room, LogText connectionId, Exception exception);

    [LoggerMessage(EventId = 203, Message = "Room {Room}: missing messages cannot be read from history. ChatKit tries again.")]
    public static partial void FillFailed(this ILogger logger, LogLevel level, LogText room, Exception exception);

    [LoggerMessage(204, LogLevel.Warning, "Room {Room}: the backplane lost {Missed} messages, and the history no longer has them.")]
    public static partial void MessagesMissed(this ILogger logger, LogText room, long missed);

    [LoggerMessage(205, LogLevel.Warning, "Room {Room}: the history lost the room's messages. The room continues at {Position}.")]
    public static partial void StreamRestarted(this ILogger logger, LogText room, MessagePosition position);

    [LoggerMessage(206, LogLevel.Error, "Room {Room}: a message could not be delivered.")]
    public static partial void FanOutFailed(this ILogger logger, LogText room, Exception exception);

    [LoggerMessage(208, LogLevel.Debug, "Room {Room}: connection {ConnectionId} reads slowly and did not receive {Count} ephemeral messages.")]
    public static partial void EphemeralDropped(this ILogger logger, LogText room, LogText connectionId, int count);

    [LoggerMessage(210, LogLevel.Warning,
        "Room {Room}: the backplane delivered an announcement that this version of ChatKit does not support. It is ignored. Further "
        + "occurrences are not logged.")]
    public static partial void AnnouncementUnreadable(this ILogger logger, LogText room);

    [LoggerMessage(EventId = 211, Message = "The list of disconnected users cannot be read. ChatKit tries again at the next check.")]
    public static partial void DisconnectsUnread(this ILogger logger, LogLevel level, Exception exception);

    [LoggerMessage(212, LogLevel.Warning,
        "While the store was unavailable to this node, users were disconnected, and the entries are no longer stored. Some of these "
        + "users may still be connected here.")]
    public static partial void DisconnectsMissed(this ILogger logger);

    [LoggerMessage(213, LogLevel.Debug,
        "The disconnection or removal of a user was stored but could not be announced. The nodes find it at their next check.")]
    public static partial void DisconnectNotAnnounced(this ILogger logger, Exception exception);

    [LoggerMessage(411, LogLevel.Debug, "A question for the rooms of a user could not be answered.")]
    public static partial void RoomsNotAnswered(this ILogger logger, Exception exception);

    [LoggerMessage(412, LogLevel.Information, "{Count} nodes did not say in time which rooms a user is in. The result may be incomplete.")]
    public static partial void RoomsIncomplete(this ILogger logger, int count);

    [LoggerMessage(220, LogLevel.Debug, "Room {Room}: connection {ConnectionId} received a gap. Missing messages: {Missed} (empty if unknown).")]
    public static partial void MemberMissed(this ILogger logger, LogText room, LogText connectionId, long? missed);

    [LoggerMessage(221, LogLevel.Warning,
        "Room {Room}: the backplane lost {Missed} messages. No member on this node receives stored messages, so they are missing.")]
    public static partial void MessagesLost(this ILogger logger, LogText room, long missed);

    [LoggerMessage(207, LogLevel.Warning, "Room {Room}: the subscription to the backplane could not be ended.")]
    public static partial void UnsubscribeFailed(this ILogger logger, LogText room, Exception exception);

    [LoggerMessage(240, LogLevel.Warning,
        "Room {Room}: messages arrive faster than this node can deliver them. Stored messages are read from history later; other messages are lost.")]
    public static partial void Overloaded(this ILogger logger, LogText room);
}
