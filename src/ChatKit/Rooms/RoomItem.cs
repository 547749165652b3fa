using System.Runtime.CompilerServices;
using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;
using ChatKit.WebSockets;

namespace ChatKit.Rooms;

/// <summary>
/// An item that a room delivers in order: a message, or an event in place of one. Its frames are encoded when they are first needed, once
/// for each wire format. All members share them.
/// </summary>
internal sealed class RoomItem
{
    /// <summary>The approximate memory cost of an item besides its payload.</summary>
    private const int Overhead = 128;

    private Frames _frames;

    public RoomItem(ChatMessage message) => Message = message;

    public RoomItem(RoomEvent roomEvent) => Event = roomEvent;

    /// <summary>The message; null for an event.</summary>
    public ChatMessage? Message { get; }

    /// <summary>The event; null for a message.</summary>
    public RoomEvent? Event { get; }

    /// <summary>The message's place in the stream; null for an ephemeral message, and for an event.</summary>
    public MessagePosition? Position => Message?.Position;

    /// <summary>The approximate memory size of the item, in bytes.</summary>
    public int Size => Overhead + (Message?.Data.Length ?? 0);

    /// <summary>Whether a client in the room receives the item. Of read cursors, <see cref="ReadNotices"/> notifies the clients.</summary>
    public bool IsFor(IRoomClient client) =>
        Message is { } message ? message.Audience != Audience.Others || !client.Has(message.ConnectionId) : Event is not ReadEvent;

    /// <summary>
    /// The frame in a format; empty if the format has none for the item. If two threads encode it at the same time, either frame is used.
    /// </summary>
    public byte[] Frame(string room, WireFormat format) => _frames[(int)format] ??= Encode(room, format);

    private byte[] Encode(string room, WireFormat format)
    {
        if (format.Uncompressed() is var uncompressed && uncompressed != format)
            return format.Compress(Frame(room, uncompressed));
        if (Event is { } roomEvent)
            return format == WireFormat.V1 ? V1Frames.Event(room, roomEvent) : [];
        return format == WireFormat.V1 ? V1Frames.Message(room, Message!) : WebSocketFrame.Around(Message!.Type, Message.Data);
    }

    [InlineArray(WireFormats.Count)]
    private struct Frames
    {
        private byte[]? _first;
    }
}
