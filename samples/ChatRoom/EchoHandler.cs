using System.Net.WebSockets;

namespace ChatRoom;

/// <summary>Returns each message to its sender, unchanged. Use it to test clients, or the conformance and speed of the server.</summary>
internal sealed class EchoHandler : WebSocketHandler
{
    /// <summary>The largest message that conformance suites send.</summary>
    public const int MaxMessageSize = 16 * 1024 * 1024;

    protected override ValueTask OnMessageAsync(WebSocketMessage message) =>
        message.Type == WebSocketMessageType.Text ? SendAsync(message.Text) : SendAsync(message.Data);
}
