using Microsoft.Extensions.Logging;

namespace ChatKit.AspNetCore.Endpoints;

internal static partial class EndpointLog
{
    [LoggerMessage(300, LogLevel.Warning,
        "The endpoint {Pattern} lets pages of every origin connect with the cookies of their visitors. List the origins instead of '*'.")]
    public static partial void AnyOriginAllowed(this ILogger logger, string pattern);

    [LoggerMessage(301, LogLevel.Information, "The origin {Origin} may not connect to {Pattern}; see AllowedOrigins.")]
    public static partial void OriginRefused(this ILogger logger, string origin, string pattern);
}
