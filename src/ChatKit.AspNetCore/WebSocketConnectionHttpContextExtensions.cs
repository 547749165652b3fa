using Microsoft.AspNetCore.Http;

namespace ChatKit;

/// <summary>What a handler can ask of the HTTP request that its connection began with.</summary>
public static class WebSocketConnectionHttpContextExtensions
{
    /// <summary>The request of the handshake, for its query, headers and cookies; null on a host other than ASP.NET Core.</summary>
    /// <param name="connection">The connection.</param>
    public static HttpContext? GetHttpContext(this WebSocketConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Items.TryGetValue(typeof(HttpContext), out var context) ? context as HttpContext : null;
    }
}
