using System.Net.Sockets;

namespace ChatKit.Connections.Transport;

/// <summary>Writes to a socket that does not block.</summary>
internal static class SocketWriter
{
    /// <summary>
    /// Sends without waiting, which needs no asynchronous socket operation. Waits for the rest only if the network does not accept it.
    /// </summary>
    public static ValueTask WriteAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        var sent = socket.Send(bytes.Span, SocketFlags.None, out var error);
        if (sent == bytes.Length)
            return ValueTask.CompletedTask;
        return error is SocketError.Success or SocketError.WouldBlock
            ? WriteRestAsync(socket, bytes[sent..])
            : throw new SocketException((int)error);
    }

    private static async ValueTask WriteRestAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None).ConfigureAwait(false)..];
    }
}
