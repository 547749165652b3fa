using Microsoft.AspNetCore.Http;

namespace ChatKit;

/// <summary>Extension methods that give a handler access to the HTTP request of its handshake.</summary>
public static class WebSocketConnectionHttpContextExtensions
{
    /// <summary>
    /// Returns the context of the handshake's request, with its query, headers and cookies; null on a host other than ASP.NET Core.
    /// </summary>
    /// <param name="connection">The connection.</param>
    public static HttpContext? GetHttpContext(this WebSocketConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Items.TryGetValue(typeof(HttpContext), out var context) ? context as HttpContext : null;
    }
}
