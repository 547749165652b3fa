using System.IO.Pipelines;
using System.Net.Sockets;

namespace ChatKit;

/// <summary>
/// Where a host hands over its clients: a stream that was upgraded to the WebSocket protocol, and what the host knows of the client.
/// A singleton that <c>AddChatKit()</c> registers. Applications on ASP.NET Core have no need of it: <c>MapWebSocketHandler</c> does this.
/// When the host stops, the hosted service that <c>AddChatKit()</c> registers closes all connections; see
/// <see cref="ChatKitOptions.DrainTime"/>.
/// </summary>
public abstract class WebSocketHandlerRunner
{
    /// <summary>Runs a connection to its end. Never throws for what the client or the handler does.</summary>
    /// <param name="stream">
    /// The connection after the handshake (RFC 6455 section 4). A write goes out without a flush. The host disposes of it.
    /// </param>
    /// <param name="info">The client.</param>
    /// <param name="options">What holds for the connection; validated by the caller.</param>
    /// <param name="createHandler">Creates the handler from the connection's own service scope.</param>
    /// <returns>A task that ends when the handler has been closed and the last frame written; the host then ends the transport.</returns>
    /// <exception cref="ArgumentException">The room's name is not valid.</exception>
    public abstract Task RunAsync(
        Stream stream,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler);

    /// <summary>Runs a connection to its end, as the overload for a stream does, with less in between.</summary>
    /// <param name="pipe">The connection after the handshake. Nobody else may use it before the task has ended.</param>
    /// <param name="socket">
    /// The socket to which everything that is written to the pipe goes unchanged, for a connection without TLS. Once the client has
    /// shown that the pipe is empty, frames are written to the socket itself. Null if there is none: it is never guessed.
    /// </param>
    /// <param name="info">The client.</param>
    /// <param name="options">What holds for the connection; validated by the caller.</param>
    /// <param name="createHandler">Creates the handler from the connection's own service scope.</param>
    /// <returns>A task that ends when the handler has been closed and the last frame written; the host then ends the transport.</returns>
    /// <exception cref="ArgumentException">The room's name is not valid.</exception>
    public abstract Task RunAsync(
        IDuplexPipe pipe,
        Socket? socket,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler);
}
