using System.IO.Pipelines;
using ChatKit.Connections.Transport;

namespace ChatKit.Connections.Messages;

/// <summary>Writes frames as server-sent events to the body of a response.</summary>
/// <param name="output">The body. With a socket, it is the pipe under HTTP/1.1, and this class writes the chunks of the body.</param>
/// <param name="direct">The socket that the pipe writes to; null if there is none, or if something in between changes the bytes.</param>
/// <param name="listener">Is notified of what was written.</param>
internal sealed class EventWriter(PipeWriter output, EventStreamSocket? direct, IEventWriterListener listener) : FrameWriter
{
    /// <summary>The number of writes before the connection looks whether it can bypass the pipe. For fewer, it is not worth its cost.</summary>
    private const int WritesBeforeLook = 8;

    /// <summary>The last chunk of a body (RFC 9112 section 7.1).</summary>
    private static readonly byte[] LastChunk = "0\r\n\r\n"u8.ToArray();

    private EventIds _ids;
    private long _written;
    private int _writes;
    private int _lookAt = WritesBeforeLook;
    private bool _isDirect;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        var events = EventFormatter.Format(frames.Span, ref _ids);
        if (events.IsLast)
            listener.OnClosing();
        var writing = WriteAsync(events);
        return events.HasPing || events.IsLast ? NotifyAsync(writing, events) : writing;
    }

    private ValueTask WriteAsync(EventBytes events)
    {
        if (direct is null)
            return PipeFlush.CompleteAsync(output.WriteAsync(events.Events));
        ReadOnlyMemory<byte> bytes = events.IsLast ? (byte[])[.. events.Chunk, .. LastChunk] : events.Chunk;
        if (_isDirect || TryBypass(direct))
            return SocketWriter.WriteAsync(direct.Socket, bytes);
        _written += bytes.Length;
        return PipeFlush.CompleteAsync(output.WriteAsync(bytes));
    }

    /// <summary>
    /// Bypasses the pipe once it is certainly empty: when the client has acknowledged everything that was ever written to it. A client that is
    /// never that far stays on the pipe.
    /// </summary>
    private bool TryBypass(EventStreamSocket socket)
    {
        if (++_writes < _lookAt)
            return false;
        if (!socket.HasAcknowledged(_written))
        {
            (_writes, _lookAt) = (0, Math.Min(_lookAt * 2, 1024));
            return false;
        }

        // From now on, synchronous sends do not block. This does not affect operations that the host has started on the socket.
        socket.Socket.Blocking = false;
        _isDirect = true;
        return true;
    }

    private async ValueTask NotifyAsync(ValueTask writing, EventBytes events)
    {
        await writing.ConfigureAwait(false);
        if (events.HasPing)
            listener.OnPingWritten();
        if (events.IsLast)
            listener.OnCloseWritten();
    }
}

/// <summary>Is notified of what an <see cref="EventWriter"/> has written.</summary>
internal interface IEventWriterListener
{
    /// <summary>The network has accepted a heartbeat, and everything before it.</summary>
    void OnPingWritten();

    /// <summary>The last event is about to be written. A client that has it leaves, perhaps before the write returns.</summary>
    void OnClosing();

    /// <summary>The network has accepted the last event.</summary>
    void OnCloseWritten();
}
