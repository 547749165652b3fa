using System.Text.Json;

namespace ChatKit.ChatKitV1;

/// <summary>The first members of a frame that <see cref="V1Frames"/> has written, which say what it is.</summary>
/// <param name="type">The frame's type.</param>
/// <param name="room">The room, in UTF-8; empty if there is none.</param>
/// <param name="position">The position, in UTF-8; empty if there is none.</param>
/// <param name="revision">The revision; 0 if there is none.</param>
internal readonly ref struct V1FrameHead(V1FrameType type, ReadOnlySpan<byte> room, ReadOnlySpan<byte> position, long revision)
{
    public V1FrameType Type { get; } = type;

    public ReadOnlySpan<byte> Room { get; } = room;

    public ReadOnlySpan<byte> Position { get; } = position;

    public long Revision { get; } = revision;

    /// <summary>Whether a client that has this frame has all of the room up to the position.</summary>
    public bool MovesPosition => Type is V1FrameType.Message or V1FrameType.Skip or V1FrameType.Live && !Room.IsEmpty && !Position.IsEmpty;

    /// <summary>Reads the head of a frame. It reads no further than the members that it needs.</summary>
    /// <param name="json">The frame.</param>
    public static V1FrameHead Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var (type, revision) = (V1FrameType.Other, 0L);
        ReadOnlySpan<byte> room = default;
        ReadOnlySpan<byte> position = default;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
                type = ReadType(ref reader);
            else if (reader.ValueTextEquals("room"u8))
                room = reader.Read() && reader.ValueIsEscaped ? Unescape(in reader) : reader.ValueSpan;
            else if (reader.ValueTextEquals("position"u8))
                position = reader.Read() && reader.ValueIsEscaped ? Unescape(in reader) : reader.ValueSpan;
            else if (reader.ValueTextEquals("revision"u8) && reader.Read())
                revision = reader.GetInt64();
            else
                break; // What follows is the content.
        }

        return new V1FrameHead(type, room, position, revision);
    }

    private static V1FrameType ReadType(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.ValueTextEquals("message"u8) ? V1FrameType.Message
            : reader.ValueTextEquals("change"u8) ? V1FrameType.Change
            : reader.ValueTextEquals("skip"u8) ? V1FrameType.Skip
            : reader.ValueTextEquals("gap"u8) ? V1FrameType.Gap
            : reader.ValueTextEquals("live"u8) ? V1FrameType.Live
            : reader.ValueTextEquals("ping"u8) ? V1FrameType.Ping
            : reader.ValueTextEquals("ack"u8) ? V1FrameType.Ack
            : reader.ValueTextEquals("error"u8) ? V1FrameType.Error
            : reader.ValueTextEquals("history"u8) ? V1FrameType.History
            : reader.ValueTextEquals("left"u8) ? V1FrameType.Left
            : V1FrameType.Other;
    }

    /// <summary>Returns a text whose characters are escaped in JSON.</summary>
    private static byte[] Unescape(in Utf8JsonReader reader)
    {
        var text = new byte[reader.ValueSpan.Length];
        return text[..reader.CopyString(text)];
    }
}
