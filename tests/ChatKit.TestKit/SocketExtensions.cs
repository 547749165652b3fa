using System.Net.Sockets;

namespace ChatKit.TestKit;

public static class SocketExtensions
{
    /// <summary>
    /// Ends the connection with a reset, as the kernel does for a process that was killed with data unread. No port is left behind that has
    /// to wait.
    /// </summary>
    public static void Reset(this Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended by itself.
        }

        socket.Dispose();
    }
}
