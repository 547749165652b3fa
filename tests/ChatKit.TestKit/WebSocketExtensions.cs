using System.Net.WebSockets;

namespace ChatKit.TestKit;

public static class WebSocketExtensions
{
    /// <summary>The next message of any length; null if the other side has closed.</summary>
    public static async Task<(WebSocketMessageType Type, byte[] Data)?> ReceiveMessageAsync(this WebSocket socket)
    {
        using var data = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer, CancellationToken.None).Soon();
            if (result.MessageType == WebSocketMessageType.Close)
                return null;
            data.Write(buffer, 0, result.Count);
            if (result.EndOfMessage)
                return (result.MessageType, data.ToArray());
        }
    }
}
