using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace ChatRoom.Tests;

internal static class ClientWebSocketExtensions
{
    public static Task SendTextAsync(this ClientWebSocket client, string text) =>
        client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).Soon();

    public static async Task<string> ReceiveTextAsync(this ClientWebSocket client)
    {
        var buffer = new byte[64 * 1024];
        var result = await client.ReceiveAsync(buffer, CancellationToken.None).Soon();
        Assert.Equal(WebSocketMessageType.Text, result.MessageType);
        Assert.True(result.EndOfMessage);
        return Encoding.UTF8.GetString(buffer, 0, result.Count);
    }

    /// <summary>Returns the next chatkit.v1 frame of a type, such as "message".</summary>
    public static async Task<JsonElement> ReceiveFrameAsync(this ClientWebSocket client, string type)
    {
        while (true)
        {
            var frame = JsonDocument.Parse(await client.ReceiveTextAsync()).RootElement;
            if (frame.GetProperty("type").GetString() == type)
                return frame;
        }
    }

    /// <summary>Sends a chatkit.v1 message.</summary>
    public static Task SendV1Async(this ClientWebSocket client, string text, string? reference = null) =>
        client.SendTextAsync(JsonSerializer.Serialize(new { type = "message", @ref = reference ?? Guid.NewGuid().ToString("n"), data = text }));
}
