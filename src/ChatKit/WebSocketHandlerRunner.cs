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
    /// <summary>Carries out many writes at once; null, the default, if each is carried out alone. Set it before the first connection.</summary>
    public abstract IWriteBatching? Batching { get; set; }

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

    /// <summary>Runs a connection whose client receives a stream of server-sent events, until it ends.</summary>
    /// <param name="output">
    /// The body of the response, whose head was written. With <paramref name="socket"/>, it is the pipe of the connection instead, to which
    /// ChatKit writes the chunks of the body (RFC 9112 section 7.1), including the last one if it closes the connection.
    /// </param>
    /// <param name="socket">The socket under the pipe; null for a body.</param>
    /// <param name="info">Describes the client. The subprotocol must be <see cref="ChatKitSubprotocol.V1"/>.</param>
    /// <param name="options">The options of the connection. The caller must have validated them.</param>
    /// <param name="createHandler">Creates the handler from the connection's service scope.</param>
    /// <param name="gone">Canceled when the client has ended the request.</param>
    /// <returns>A task that completes when the handler has been closed and the last event was written. The host then ends the response.</returns>
    /// <exception cref="ArgumentException">The room's name isn't valid.</exception>
    public abstract Task RunEventStreamAsync(
        PipeWriter output,
        EventStreamSocket? socket,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler,
        CancellationToken gone);

    /// <summary>
    /// Takes the frames of a POST request to the event stream of the same client. If another node has it, the frames are forwarded to that
    /// node.
    /// </summary>
    /// <param name="token">The token from the stream's <c>welcome</c>.</param>
    /// <param name="userId">The id of the user who sends the request; null if the user is anonymous.</param>
    /// <param name="number">The number of the request among those to the stream, from 1; null if their order doesn't matter.</param>
    /// <param name="body">A frame of <see cref="ChatKitSubprotocol.V1"/>, or an array of frames.</param>
    /// <param name="cancellationToken">Cancels the wait. The frames may still be handled.</param>
    /// <returns>The result, and what is wrong with the body, for people; null if nothing is. The frames were not accepted then.</returns>
    public abstract ValueTask<(PostResult Result, string? Problem)> PostAsync(
        string? token, string? userId, long? number, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default);

    /// <summary>Runs a connection that lasts for one request and reads the client's rooms.</summary>
    /// <param name="request">What the client asks for.</param>
    /// <param name="info">Describes the client. The subprotocol must be <see cref="ChatKitSubprotocol.V1"/>.</param>
    /// <param name="options">The options of the connection. The caller must have validated them.</param>
    /// <param name="createHandler">Creates the handler from the connection's service scope.</param>
    /// <param name="gone">Canceled when the client has ended the request.</param>
    /// <exception cref="ArgumentException">The room's name isn't valid.</exception>
    public abstract Task<PollResult> PollAsync(
        PollRequest request,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler,
        CancellationToken gone);

    /// <summary>Runs a connection that lasts for one request and passes one frame to the handler.</summary>
    /// <param name="frame">The frame. A frame without a type is a message, and a frame without a ref gets one.</param>
    /// <param name="info">Describes the client. The subprotocol must be <see cref="ChatKitSubprotocol.V1"/>.</param>
    /// <param name="options">The options of the connection. The caller must have validated them.</param>
    /// <param name="createHandler">Creates the handler from the connection's service scope.</param>
    /// <param name="gone">Canceled when the client has ended the request.</param>
    /// <exception cref="ArgumentException">The room's name isn't valid.</exception>
    public abstract Task<ExchangeResult> ExchangeAsync(
        ReadOnlyMemory<byte> frame,
        WebSocketConnectionInfo info,
        WebSocketConnectionOptions options,
        Func<IServiceProvider, WebSocketHandler> createHandler,
        CancellationToken gone);
}
