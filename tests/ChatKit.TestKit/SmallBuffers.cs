using System.Net.Sockets;

namespace ChatKit.TestKit;

/// <summary>Connections with small system buffers, so that a client that reads nothing soon falls behind.</summary>
public static class SmallBuffers
{
    /// <summary>The size of a buffer in bytes.</summary>
    public const int Size = 4096;

    /// <summary>Creates a client that sends handshakes over such connections.</summary>
    public static HttpMessageInvoker CreateInvoker() => new(new SocketsHttpHandler
    {
        ConnectCallback = static async (context, stop) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = Size };
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, stop);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    });
}
