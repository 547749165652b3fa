using System.Net.WebSockets;

namespace ChatRoom;

/// <summary>Sends each message back as it came, for whoever tests a client, or this server's conformance or speed.</summary>
internal sealed class EchoHandler : WebSocketHandler
{
    /// <summary>What suites of conformance tests send at most.</summary>
    public const int MaxMessageSize = 16 * 1024 * 1024;

    protected override ValueTask OnMessageAsync(WebSocketMessage message) =>
        message.Type == WebSocketMessageType.Text ? SendAsync(message.Text) : SendAsync(message.Data);
}
