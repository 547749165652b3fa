using Microsoft.Extensions.Logging;

namespace ChatKit.Client.Diagnostics;

/// <summary>The log events of a client: 701 to 799.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(EventId = 701, Level = LogLevel.Debug, Message = "Connecting to {Address} by {Transport}.")]
    public static partial void Connecting(ILogger logger, string address, ChatTransport transport);

    [LoggerMessage(EventId = 702, Level = LogLevel.Information, Message = "Connected by {Transport} to room {Room}, as connection {Connection}.")]
    public static partial void Connected(ILogger logger, ChatTransport transport, string? room, string? connection);

    [LoggerMessage(EventId = 703, Level = LogLevel.Information, Message = "A connection by {Transport} has ended with {Code}: {Reason}")]
    public static partial void Ended(ILogger logger, ChatTransport transport, int code, string reason);

    [LoggerMessage(EventId = 704, Level = LogLevel.Debug, Message = "The client is {State}. The last failure: {Code} {Reason}")]
    public static partial void StateChanged(ILogger logger, ChatState state, int? code, string? reason);

    [LoggerMessage(EventId = 705, Level = LogLevel.Debug, Message = "Opening another connection by {Transport}, to replace the current one.")]
    public static partial void Replacing(ILogger logger, ChatTransport transport);

    [LoggerMessage(EventId = 706, Level = LogLevel.Information, Message = "A connection by {Transport} has replaced the current one.")]
    public static partial void Replaced(ILogger logger, ChatTransport transport);

    [LoggerMessage(
        EventId = 707, Level = LogLevel.Warning, Message = "No other connection could be opened ({Code}: {Reason}). The current one is kept.")]
    public static partial void NotReplaced(ILogger logger, int code, string reason);

    [LoggerMessage(EventId = 708, Level = LogLevel.Warning, Message = "A frame of the server cannot be read, and is ignored.")]
    public static partial void FrameIgnored(ILogger logger, Exception exception);

    [LoggerMessage(
        EventId = 709, Level = LogLevel.Error,
        Message = "The storage of the outbox has failed. A message may not survive a restart, or be sent again.")]
    public static partial void StorageFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 710, Level = LogLevel.Error, Message = "The retry policy has failed. The client waits as it does without one.")]
    public static partial void RetryPolicyFailed(ILogger logger, Exception exception);
}
