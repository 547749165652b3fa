using System.IO.Pipelines;
using System.Net.Sockets;
using ChatKit.AspNetCore.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ChatKit.AspNetCore.Endpoints;

/// <summary>
/// The pipe and the socket under the body of a response, if writing to them changes only the speed: over HTTP/1.1, without TLS and without
/// middleware that replaces the body or wraps the transport.
/// </summary>
/// <param name="pipe">The pipe.</param>
/// <param name="socket">The socket; null if the pipe itself writes to it at once.</param>
/// <param name="before">The number of bytes that the client had acknowledged when its request arrived.</param>
internal sealed class EventStreamPipe(IDuplexPipe pipe, Socket? socket, long before) : EventStreamSocket
{
    private const int TcpInfo = 11;
    private const int BytesAcknowledged = 120; // The offset of tcpi_bytes_acked in struct tcp_info (linux/tcp.h), since Linux 4.1.

    private long _head = before;

    public PipeWriter Output => pipe.Output;

    public override Socket Socket => socket ?? throw new InvalidOperationException("There is nothing to bypass.");

    /// <summary>Prepares a response. Returns null if its body must be used. Must be called before the response has started.</summary>
    public static EventStreamPipe? TryPrepare(HttpContext context)
    {
        var features = context.Features;
        if (!OperatingSystem.IsLinux()
            || !HttpProtocol.IsHttp11(context.Request.Protocol)
            || features.Get<IHttpResponseBodyFeature>()?.GetType().Assembly != typeof(KestrelServer).Assembly
            || features.Get<IConnectionTransportFeature>()?.Transport is not { } pipe
            || (pipe is PolledConnection ? new EventStreamPipe(pipe, null, 0) : TryBypass(pipe, context)) is not { } prepared)
            return null;

        // The server then leaves the chunks of the body to its writer, and the connection to this response.
        context.Response.Headers.TransferEncoding = "chunked";
        context.Response.Headers.Connection = "close";
        return prepared;
    }

    /// <summary>Must be called when the response has started.</summary>
    public void OnStarted(HttpResponse response) => _head += HeadLength(response);

    public override bool HasAcknowledged(long bodyLength) => socket is not null && Acknowledged(socket) == _head + bodyLength;

    private static EventStreamPipe? TryBypass(IDuplexPipe pipe, HttpContext context) =>
        DirectTransport.Socket(pipe, context.Features) is { ProtocolType: ProtocolType.Tcp } socket
        && IsFirst(context)
        && Acknowledged(socket) is { } before
            ? new EventStreamPipe(pipe, socket, before)
            : null;

    /// <summary>
    /// Whether this is the first request of its connection. Before a later one, a client that pipelines may not have received all of an earlier
    /// response, and the number of bytes that wait would not be known.
    /// </summary>
    private static bool IsFirst(HttpContext context) =>
        context.Features.Get<IHttpConnectionFeature>() is { ConnectionId: { } connection }
        && context.TraceIdentifier is var request
        && request.StartsWith(connection, StringComparison.Ordinal)
        && request.AsSpan(connection.Length) is ":00000001";

    /// <summary>
    /// The number of bytes of the head. If the server has written anything else, the number of acknowledged bytes never matches, and the events
    /// stay on the pipe.
    /// </summary>
    private static long HeadLength(HttpResponse response)
    {
        long length = "HTTP/1.1 200 OK\r\n\r\n".Length;
        foreach (var (name, values) in response.Headers)
        {
            foreach (var value in values)
                length += name.Length + ": \r\n".Length + (value?.Length ?? 0);
        }

        return length;
    }

    /// <summary>The number of bytes that the client has acknowledged; null if the system does not tell.</summary>
    private static long? Acknowledged(Socket socket)
    {
        Span<byte> info = stackalloc byte[256];
        try
        {
            var length = socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, TcpInfo, info);
            return length >= BytesAcknowledged + sizeof(long) ? BitConverter.ToInt64(info[BytesAcknowledged..]) : null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null; // The latter if the client has gone.
        }
    }
}
