using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace ChatRoom.Tests;

internal static class ClientWebSocketExtensions
{
    public static Task SayAsync(this ClientWebSocket client, string text) =>
        client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).Soon();

    public static async Task<string> HearAsync(this ClientWebSocket client)
    {
        var buffer = new byte[64 * 1024];
        var result = await client.ReceiveAsync(buffer, CancellationToken.None).Soon();
        Assert.Equal(WebSocketMessageType.Text, result.MessageType);
        Assert.True(result.EndOfMessage);
        return Encoding.UTF8.GetString(buffer, 0, result.Count);
    }

    /// <summary>Returns the next chatkit.v1 frame of a type, such as "message".</summary>
    public static async Task<JsonElement> HearAsync(this ClientWebSocket client, string type)
    {
        while (true)
        {
            var told = JsonDocument.Parse(await client.HearAsync()).RootElement;
            if (told.GetProperty("type").GetString() == type)
                return told;
        }
    }

    /// <summary>Sends a chatkit.v1 message.</summary>
    public static Task SayV1Async(this ClientWebSocket client, string text, string? reference = null) =>
        client.SayAsync(JsonSerializer.Serialize(new { type = "message", @ref = reference ?? Guid.NewGuid().ToString("n"), data = text }));
}
