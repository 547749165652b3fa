using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ChatKit;

/// <summary>Extension methods that give a handler access to the HTTP request of its handshake.</summary>
public static class WebSocketConnectionHttpContextExtensions
{
    /// <summary>
    /// Returns the context of the handshake's request, with its query, headers and cookies; null on a host other than ASP.NET Core.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <exception cref="InvalidOperationException">
    /// <c>OnOpenAsync</c> has returned, and <see cref="ChatKitListenOptionsExtensions.UseChatKitConnections"/> was called.
    /// </exception>
    public static HttpContext? GetHttpContext(this WebSocketConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        connection.Items.TryGetValue(typeof(HttpContext), out var item);
        return item is Func<HttpContext> request ? request() : item as HttpContext;
    }
}
