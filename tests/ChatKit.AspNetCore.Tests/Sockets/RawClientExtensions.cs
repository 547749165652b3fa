using System.Net.Sockets;

namespace ChatKit.AspNetCore.Tests.Sockets;

internal static class RawClientExtensions
{
    /// <summary>
    /// Reads until the server has ended the connection. Returns what has arrived, and whether the connection was reset. With TLS, what has
    /// arrived is encrypted.
    /// </summary>
    public static async Task<(byte[] Bytes, bool WasReset)> ReadToEndAsync(this RawClient client)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        try
        {
            while (await client.Socket.ReceiveAsync(buffer).Soon() is > 0 and var count)
                bytes.Write(buffer, 0, count);
            return (bytes.ToArray(), false);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return (bytes.ToArray(), true);
        }
    }
}
