using System.Runtime.CompilerServices;
using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;
using ChatKit.WebSockets;

namespace ChatKit.Rooms;

/// <summary>The frames of one message or notice, one for each wire format: made when somebody needs them, and once for all.</summary>
internal sealed class MessageFrames
{
    private Frames _frames;

    public MessageFrames()
    {
    }

    public MessageFrames(byte[] plain) => _frames[(int)WireFormat.Plain] = plain;

    /// <summary>The frame of a message in a format; empty if the format has none for it. Two threads may both make it: either will do.</summary>
    public byte[] Get(string room, ChatMessage message, WireFormat format) => _frames[(int)format] ??= Make(room, message, format);

    /// <summary>The frame of a notice in a format; empty if the format has none for it.</summary>
    public byte[] Get(string room, RoomEvent notice, WireFormat format) => _frames[(int)format] ??= Make(room, notice, format);

    private byte[] Make(string room, ChatMessage message, WireFormat format)
    {
        if (format.Uncompressed() is var uncompressed && uncompressed != format)
            return format.Compress(Get(room, message, uncompressed));
        return format == WireFormat.V1 ? V1Frames.Message(room, message) : WebSocketFrame.Create(message.Type, message.Data.Span, out _);
    }

    private byte[] Make(string room, RoomEvent notice, WireFormat format)
    {
        if (format.Uncompressed() is var uncompressed && uncompressed != format)
            return format.Compress(Get(room, notice, uncompressed));
        return format == WireFormat.V1 ? notice.Frame(room) : [];
    }

    [InlineArray(WireFormats.Count)]
    private struct Frames
    {
        private byte[]? _first;
    }
}
