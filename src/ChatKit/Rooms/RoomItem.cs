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
    private RoomItem? _change;

    /// <param name="message">The message, or the message as it is after a change.</param>
    /// <param name="accepted">The last revision that the room has accepted.</param>
    public RoomItem(ChatMessage message, long accepted = 0) => (Message, Accepted) = (message, accepted);

    /// <param name="roomEvent">The event.</param>
    /// <param name="accepted">The last revision that the room has accepted; 0 if a member that misses the event does not have to read.</param>
    public RoomItem(RoomEvent roomEvent, long accepted = 0) => (Event, Accepted) = (roomEvent, accepted);

    /// <summary>The message; null for an event.</summary>
    public ChatMessage? Message { get; }

    /// <summary>The event; null for a message.</summary>
    public RoomEvent? Event { get; }

    /// <summary>The message's place in the stream; null for an ephemeral message, and for an event.</summary>
    public MessagePosition? Position => Message?.Position;

    /// <summary>The last revision that the room had accepted when it accepted the item. For a change, its own.</summary>
    public long Accepted { get; }

    /// <summary>The approximate memory size of the item, in bytes.</summary>
    public int Size => Overhead + ((Message ?? (Event as ChangeEvent)?.Message)?.Data.Length ?? 0);

    /// <summary>The change that this changed message is for a member that has the message already.</summary>
    /// <param name="after">The last message that the room had accepted.</param>
    public RoomItem AsChange(MessagePosition? after) =>
        _change ??= new RoomItem(new ChangeEvent(Message!, after), Message!.Revision.GetValueOrDefault());

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
        if (format != WireFormat.V1 && Message!.IsDeleted)
            return [];
        return format == WireFormat.V1 ? V1Frames.Message(room, Message!) : WebSocketFrame.Around(Message!.Type, Message.Data);
    }

    [InlineArray(WireFormats.Count)]
    private struct Frames
    {
        private byte[]? _first;
    }
}
