using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Unicode;

namespace ChatKit.ChatKitV1;

/// <summary>
/// Reads the frames that clients send most: messages with a text. Allocates little besides the text. Leaves everything unusual, and everything
/// that is wrong, to <see cref="V1ClientFrame"/>.
/// </summary>
internal static class V1MessageFrame
{
    /// <summary>Reads a frame. Returns null if it must be read as a <see cref="V1ClientFrame"/>.</summary>
    public static InboundMessage? TryRead(WebSocketMessage received)
    {
        if (received.Type != WebSocketMessageType.Text)
            return null;
        try
        {
            return TryRead(received.Data);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string that isn't valid Unicode.
            return null;
        }
    }

    private static InboundMessage? TryRead(ReadOnlyMemory<byte> frame)
    {
        string? reference = null;
        string? room = null;
        ReadOnlyMemory<byte>? text = null;
        var json = new Utf8JsonReader(frame.Span);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject || !IsMessage(ref json))
            return null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("data"u8))
            {
                if (text is not null || !ReadString(ref json))
                    return null;
                text = TextOf(ref json, frame);
            }
            else if (json.ValueTextEquals("ref"u8))
            {
                if (reference is not null || !ReadString(ref json))
                    return null;
                reference = json.GetString();
            }
            else if (json.ValueTextEquals("room"u8))
            {
                if (room is not null || !ReadString(ref json))
                    return null;
                room = json.GetString();
            }
            else
            {
                return null;
            }
        }

        // Reads to the end, so that nothing may follow the object.
        if (json.TokenType != JsonTokenType.EndObject || json.Read()
            || text is not { } data
            || reference is { Length: 0 or > V1ClientFrame.MaxRefLength }
            || (room is not null && !RoomName.IsValid(room, out _)))
            return null;
        var message = new WebSocketMessage(data, WebSocketMessageType.Text);
        return new InboundMessage(room is null ? message : message.In(room), reference);
    }

    /// <summary>Whether the first member says that the frame is a message.</summary>
    private static bool IsMessage(ref Utf8JsonReader json) =>
        json.Read() && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("type"u8)
        && ReadString(ref json) && json.ValueTextEquals("message"u8);

    private static bool ReadString(ref Utf8JsonReader json) => json.Read() && json.TokenType == JsonTokenType.String;

    /// <summary>The text of a string. It stays where it is if most of the frame is the text; otherwise it would keep the frame in memory.</summary>
    private static ReadOnlyMemory<byte> TextOf(ref Utf8JsonReader json, ReadOnlyMemory<byte> frame)
    {
        var length = json.ValueSpan.Length;
        if (!json.ValueIsEscaped && length >= frame.Length / 2 && Utf8.IsValid(json.ValueSpan))
            return frame.Slice((int)json.TokenStartIndex + 1, length);
        var text = new byte[length];
        return text.AsMemory(0, json.CopyString(text));
    }
}
