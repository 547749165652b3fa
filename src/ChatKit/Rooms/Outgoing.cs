using System.Net.WebSockets;
using ChatKit.WebSockets;

namespace ChatKit.Rooms;

/// <summary>Creates messages whose payload is stored in the frame that will be sent, so that it is encoded and copied once.</summary>
internal static class Outgoing
{
    public static ChatMessage Text(string text, DateTimeOffset at, WebSocketConnection? sender = null, Audience audience = default)
    {
        WebSocketFrame.Text(text, out var payload);
        return Create(WebSocketMessageType.Text, payload, at, sender, audience);
    }

    public static ChatMessage Binary(ReadOnlySpan<byte> data, DateTimeOffset at, WebSocketConnection? sender = null, Audience audience = default)
    {
        WebSocketFrame.Create(WebSocketMessageType.Binary, data, out var payload);
        return Create(WebSocketMessageType.Binary, payload, at, sender, audience);
    }

    private static ChatMessage Create(
        WebSocketMessageType type, ReadOnlyMemory<byte> payload, DateTimeOffset at, WebSocketConnection? sender, Audience audience)
    {
        MessageSize.ThrowIfTooLarge(payload.Length);
        return new(type, payload, at) { From = sender?.UserId, ConnectionId = sender?.Id, Audience = audience };
    }
}
