using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Endpoints;

internal static partial class EndpointLog
{
    [LoggerMessage(300, LogLevel.Warning,
        "The endpoint {Pattern} lets pages of every origin connect with the cookies of their visitors. List the origins instead of '*'.")]
    public static partial void AnyOriginAllowed(this ILogger logger, LogText pattern);

    [LoggerMessage(301, LogLevel.Information,
        "The origin {Origin} may not connect to {Pattern}: the request is for the host {Host}. List the origin in AllowedOrigins; or, if a "
        + "reverse proxy has changed the host, restore it from its forwarded headers with UseForwardedHeaders().")]
    public static partial void OriginRefused(this ILogger logger, LogText origin, LogText pattern, LogText host);

    [LoggerMessage(340, LogLevel.Warning,
        "The endpoint {Pattern} has {Max} connections, and takes no more (503). This is told once a minute at most; see MaxConnections.")]
    public static partial void EndpointFull(this ILogger logger, LogText pattern, int max);

    [LoggerMessage(341, LogLevel.Debug,
        "A user has {Max} connections at the endpoint {Pattern}, and gets no more (1013); see MaxConnectionsPerUser.")]
    public static partial void UserFull(this ILogger logger, LogText pattern, int max);
}
