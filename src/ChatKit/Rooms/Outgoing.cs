using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.WebSockets;

namespace ChatKit.Rooms;

/// <summary>Makes messages whose payload lies in the frame that will be sent, so that it is encoded and copied once.</summary>
internal static class Outgoing
{
    public static ChatMessage Text(string text, DateTimeOffset at, WebSocketConnection? sender = null, Audience audience = default)
    {
        var frame = WebSocketFrame.Text(text, out var payload);
        return Create(WebSocketMessageType.Text, payload, frame, at, sender, audience);
    }

    public static ChatMessage Binary(
        ReadOnlySpan<byte> data, DateTimeOffset at, WebSocketConnection? sender = null, Audience audience = default)
    {
        var frame = WebSocketFrame.Create(WebSocketMessageType.Binary, data, out var payload);
        return Create(WebSocketMessageType.Binary, payload, frame, at, sender, audience);
    }

    /// <summary>The frame of a message.</summary>
    public static byte[] FrameOf(string room, ChatMessage message, WireFormat format = WireFormat.Plain) =>
        message.Frames.Get(room, message, format);

    private static ChatMessage Create(
        WebSocketMessageType type,
        ReadOnlyMemory<byte> payload,
        byte[] frame,
        DateTimeOffset at,
        WebSocketConnection? sender,
        Audience audience)
    {
        MessageSize.ThrowIfTooLarge(payload.Length);
        return new(type, payload, at) { From = sender?.UserId, ConnectionId = sender?.Id, Audience = audience, Frames = new MessageFrames(frame) };
    }
}
