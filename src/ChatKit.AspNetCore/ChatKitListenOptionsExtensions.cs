using ChatKit;
using ChatKit.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Extension methods for the places where Kestrel listens.</summary>
public static class ChatKitListenOptionsExtensions
{
    /// <summary>
    /// Lets the connections of ChatKit's endpoints leave the HTTP layer when their handlers have opened. An idle connection then uses about
    /// a quarter less memory, because Kestrel no longer keeps its request. Call this after <c>UseHttps()</c>, if at all: otherwise connections with
    /// TLS keep their requests, as those over HTTP/2 always do.
    /// </summary>
    /// <remarks>
    /// After <c>OnOpenAsync</c>, <see cref="WebSocketConnectionHttpContextExtensions.GetHttpContext"/> throws, <c>IHttpContextAccessor</c>
    /// returns null, and the log scopes and the activity of the request are gone, unless its trace is recorded. The middleware of the
    /// application continues, and connection middleware that was added after this continues too. The server's
    /// <see cref="KestrelServerLimits.MaxConcurrentUpgradedConnections"/> doesn't count the connection any more: use
    /// <see cref="Microsoft.AspNetCore.Builder.WebSocketEndpointOptions.MaxConnections"/>.
    /// </remarks>
    /// <param name="options">The options of a place where Kestrel listens, or of all (<c>ConfigureEndpointDefaults</c>).</param>
    /// <returns>The same options.</returns>
    public static ListenOptions UseChatKitConnections(this ListenOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Use(static next => connection => DetachableConnection.RunAsync(connection, next));
        return options;
    }
}
