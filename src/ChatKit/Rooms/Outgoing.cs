using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.WebSockets;

namespace ChatKit.Rooms;

/// <summary>Creates messages and changes whose payload is stored in the frame that will be sent, so that it is encoded and copied once.</summary>
internal static class Outgoing
{
    /// <param name="text">The text.</param>
    /// <param name="at">The time.</param>
    /// <param name="sender">The sender; null if the application sends the message.</param>
    /// <param name="audience">The members that receive the message.</param>
    /// <param name="encoded">The text's bytes, if they are known; else empty.</param>
    public static ChatMessage Text(
        string text, DateTimeOffset at, WebSocketConnection? sender = null, Audience audience = default, ReadOnlyMemory<byte> encoded = default)
    {
        var payload = encoded;
        if (payload.IsEmpty)
            WebSocketFrame.Text(text, out payload);
        return Create(WebSocketMessageType.Text, payload, at, sender, audience);
    }

    public static ChatMessage Binary(ReadOnlySpan<byte> data, DateTimeOffset at, WebSocketConnection? sender = null, Audience audience = default)
    {
        WebSocketFrame.Create(WebSocketMessageType.Binary, data, out var payload);
        return Create(WebSocketMessageType.Binary, payload, at, sender, audience);
    }

    /// <summary>A text message, from its UTF-8 bytes.</summary>
    public static ChatMessage Json(ReadOnlySpan<byte> json, DateTimeOffset at, WebSocketConnection? sender = null, Audience audience = default)
    {
        JsonPayload.ThrowIfInvalid(json, "data");
        WebSocketFrame.Create(WebSocketMessageType.Text, json, out var payload);
        return Create(WebSocketMessageType.Text, payload, at, sender, audience).AsJson();
    }

    public static MessageChange Edit(MessagePosition position, string text, DateTimeOffset at, string? by)
    {
        WebSocketFrame.Text(text, out var payload);
        return Create(position, WebSocketMessageType.Text, payload, at, by);
    }

    public static MessageChange Edit(MessagePosition position, ReadOnlySpan<byte> data, DateTimeOffset at, string? by)
    {
        WebSocketFrame.Create(WebSocketMessageType.Binary, data, out var payload);
        return Create(position, WebSocketMessageType.Binary, payload, at, by);
    }

    public static MessageChange Deletion(MessagePosition position, DateTimeOffset at, string? by) =>
        new() { Position = position, IsDeletion = true, At = at, By = by };

    private static ChatMessage Create(
        WebSocketMessageType type, ReadOnlyMemory<byte> payload, DateTimeOffset at, WebSocketConnection? sender, Audience audience)
    {
        MessageSize.ThrowIfTooLarge(payload.Length);
        return new(type, payload, at) { From = sender?.UserId, ConnectionId = sender?.Id, Audience = audience };
    }

    private static MessageChange Create(
        MessagePosition position, WebSocketMessageType type, ReadOnlyMemory<byte> payload, DateTimeOffset at, string? by)
    {
        MessageSize.ThrowIfTooLarge(payload.Length);
        return new() { Position = position, Type = type, Data = payload, At = at, By = by };
    }
}
