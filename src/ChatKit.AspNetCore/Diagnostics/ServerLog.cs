using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Diagnostics;

internal static partial class ServerLog
{
    [LoggerMessage(300, LogLevel.Warning,
        "The endpoint {Pattern} lets pages of any origin connect with their visitors' cookies. List the allowed origins instead of '*'.")]
    public static partial void AnyOriginAllowed(this ILogger logger, LogText pattern);

    [LoggerMessage(301, LogLevel.Information,
        "The origin {Origin} is not allowed to connect to {Pattern} on the host {Host}. Add the origin to AllowedOrigins. If a reverse proxy has "
        + "changed the host, restore it from the forwarded headers with UseForwardedHeaders().")]
    public static partial void OriginRefused(this ILogger logger, LogText origin, LogText pattern, LogText host);

    [LoggerMessage(340, LogLevel.Warning,
        "The endpoint {Pattern} has reached MaxConnections ({Max}) and answers with 503. This is logged at most once a minute.")]
    public static partial void EndpointFull(this ILogger logger, LogText pattern, int max);

    [LoggerMessage(341, LogLevel.Debug,
        "A user has reached MaxConnectionsPerUser ({Max}) at the endpoint {Pattern}. A further connection is closed with 1013.")]
    public static partial void UserFull(this ILogger logger, LogText pattern, int max);

    [LoggerMessage(350, LogLevel.Warning,
        "The server can't accept connections for a moment: {Reason}. If it is the limit of open files, raise it (ulimit -n). This is logged at most "
        + "once a minute.")]
    public static partial void AcceptFailed(this ILogger logger, string reason);

    [LoggerMessage(351, LogLevel.Error, "A connection, or a callback of its end, has failed in the transport of UseChatKitSockets.")]
    public static partial void SocketFailed(this ILogger logger, Exception exception);

    [LoggerMessage(352, LogLevel.Debug,
        "Each member of a room costs a system call, because io_uring can't be used: {Reason}")]
    public static partial void NoBatches(this ILogger logger, string reason);
}
