using System.Buffers;
using System.Net.WebSockets;

namespace ChatKit.Connections;

/// <summary>Puts messages together from what the WebSocket receives. Holds no buffer while it waits for one to begin.</summary>
internal sealed class MessageReader(WebSocket socket, int maxMessageSize)
{
    private const int InitialBufferSize = 4 * 1024;

    /// <summary>
    /// Waits for a message to begin. Meanwhile the WebSocket answers pings. To be awaited once before it is called again.
    /// </summary>
    public ValueTask<ValueWebSocketReceiveResult> WaitAsync() => socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);

    /// <summary>Reads the message that has begun.</summary>
    /// <returns>The message, or null if it is larger than allowed.</returns>
    public async ValueTask<WebSocketMessage?> ReadAsync(ValueWebSocketReceiveResult start)
    {
        if (start.EndOfMessage)
            return new WebSocketMessage(ReadOnlyMemory<byte>.Empty, start.MessageType);

        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(InitialBufferSize, maxMessageSize + 1));
        try
        {
            var length = 0;
            while (true)
            {
                var result = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None).ConfigureAwait(false);
                length += result.Count;
                if (length > maxMessageSize)
                    return null;
                if (result.EndOfMessage)
                    return new WebSocketMessage(buffer.AsSpan(0, length).ToArray(), start.MessageType);
                if (length == buffer.Length)
                    Grow(ref buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>One byte more than allowed is enough to know that a message is too large.</summary>
    private void Grow(ref byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(buffer.Length * 2L, maxMessageSize + 1L));
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
