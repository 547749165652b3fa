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
}
