using System.ComponentModel;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace ChatKit;

/// <summary>
/// Runs the connections that a host has upgraded to the WebSocket protocol. <c>AddChatKit()</c> registers it as a singleton. ASP.NET Core
/// applications don't call it; <c>MapWebSocketHandler</c> does. When the host stops, a hosted service that <c>AddChatKit()</c> registers
/// closes all connections; see <see cref="ChatKitOptions.DrainTime"/>.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class WebSocketHandlerRunner
{
    /// <summary>Runs a connection until it ends. Errors of the client or the handler don't make the task fail.</summary>
    /// <param name="stream">
    /// The connection after the handshake (RFC 6455 section 4). It must send each write without a flush. The host disposes of it.
    /// </param>
    /// <param name="info">Describes the client.</param>
    /// <param name="options">The options of the connection. The caller must have validated them.</param>
    /// <param name="createHandler">Creates the handler from the connection's service scope.</param>
    /// <returns>A task that completes when the handler has been closed and the last frame was written. The host then ends the transport.</returns>
    /// <exception cref="ArgumentException">The room's name isn't valid.</exception>
    public abstract Task RunAsync(
        Stream stream,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler);

    /// <summary>Runs a connection until it ends, as the overload for a stream does, with less overhead.</summary>
    /// <param name="pipe">The connection after the handshake. Don't use it for anything else until the task has completed.</param>
    /// <param name="socket">
    /// The socket to which the pipe writes its bytes unchanged, for a connection without TLS; null if there is none. When an answer of the
    /// client has shown that the pipe is empty, frames are written directly to the socket.
    /// </param>
    /// <param name="info">Describes the client.</param>
    /// <param name="options">The options of the connection. The caller must have validated them.</param>
    /// <param name="createHandler">Creates the handler from the connection's service scope.</param>
    /// <returns>A task that completes when the handler has been closed and the last frame was written. The host then ends the transport.</returns>
    /// <exception cref="ArgumentException">The room's name isn't valid.</exception>
    public abstract Task RunAsync(
        IDuplexPipe pipe,
        Socket? socket,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler);
}
