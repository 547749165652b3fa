using System.Net.WebSockets;
using ChatKit.Protocol;
using ChatKit.Wire;

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

    public static ChatMessage Notice(RoomNotice notice) => new(WebSocketMessageType.Text, default, default) { Notice = notice };

    /// <summary>The frame of a message.</summary>
    public static byte[] FrameOf(string room, ChatMessage message, WireFormat format = WireFormat.Plain) =>
        message.Frames.Get(room, message, format);

    /// <summary>
    /// What a client is sent of a message. Of one that is not for it this is only the position, so that the next one does not look as if
    /// something were missing; or nothing, if the client does not count positions.
    /// </summary>
    public static byte[] FrameFor(IRoomClient client, string room, ChatMessage message)
    {
        if (message.IsFor(client.Id))
            return FrameOf(room, message, client.Format);
        return (client.Format & WireFormat.V1) != 0 && message.Position is { } position ? V1Frames.Skip(room, position) : [];
    }

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
