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

    /// <summary>The message or the event.</summary>
    private readonly object _content;

    /// <summary>The frame of most members of most rooms. A plain frame is that of the message itself, unless another node has sent it.</summary>
    private byte[]? _v1;

    /// <summary>What most items don't need.</summary>
    private More? _more;

    /// <param name="message">The message, or the message as it is after a change.</param>
    /// <param name="accepted">The last revision that the room has accepted.</param>
    public RoomItem(ChatMessage message, long accepted = 0)
        : this((object)message, accepted)
    {
    }

    /// <param name="roomEvent">The event.</param>
    /// <param name="accepted">The last revision that the room has accepted; 0 if a member that misses the event does not have to read.</param>
    public RoomItem(RoomEvent roomEvent, long accepted = 0)
        : this((object)roomEvent, accepted)
    {
    }

    private RoomItem(object content, long accepted)
    {
        _content = content;
        if (accepted != 0)
            _more = new More(accepted);
    }

    /// <summary>The message; null for an event.</summary>
    public ChatMessage? Message => _content as ChatMessage;

    /// <summary>The event; null for a message.</summary>
    public RoomEvent? Event => _content as RoomEvent;

    /// <summary>The message's place in the stream; null for an ephemeral message, and for an event.</summary>
    public MessagePosition? Position => Message?.Position;

    /// <summary>The last revision that the room had accepted when it accepted the item. For a change, its own.</summary>
    public long Accepted => _more?.Accepted ?? 0;

    /// <summary>The approximate memory size of the item, in bytes.</summary>
    public int Size => Overhead + ((Message ?? (Event as ChangeEvent)?.Message)?.Data.Length ?? 0);

    /// <summary>The change that this changed message is for a member that has the message already.</summary>
    /// <param name="after">The last message that the room had accepted.</param>
    public RoomItem AsChange(MessagePosition? after) =>
        GetMore().Change ??= new RoomItem(new ChangeEvent(Message!, after), Message!.Revision.GetValueOrDefault());

    /// <summary>Whether a client in the room receives the item. Of read cursors, <see cref="ReadNotices"/> notifies the clients.</summary>
    public bool IsFor(IRoomClient client) =>
        Message is { } message ? message.Audience != Audience.Others || !client.Has(message.ConnectionId) : Event is not ReadEvent;

    /// <summary>
    /// The frame in a format; empty if the format has none for the item. If two threads encode it at the same time, either frame is used.
    /// </summary>
    public byte[] Frame(string room, WireFormat format) => format switch
    {
        WireFormat.V1 => _v1 ??= EncodeV1(room),
        WireFormat.Plain when _content is ChatMessage { IsDeleted: false } message
            && WebSocketFrame.TryGetAround(message.Type, message.Data) is { } frame => frame,
        _ => GetMore().Frames[(int)format] ??= Encode(room, format),
    };

    private byte[] EncodeV1(string room) =>
        _content is RoomEvent roomEvent ? V1Frames.Event(room, roomEvent) : V1Frames.Message(room, (ChatMessage)_content);

    private byte[] Encode(string room, WireFormat format)
    {
        if (format.Uncompressed() is var uncompressed && uncompressed != format)
            return format.Compress(Frame(room, uncompressed));
        return _content is ChatMessage { IsDeleted: false } message ? WebSocketFrame.Around(message.Type, message.Data) : [];
    }

    private More GetMore() => _more ?? Interlocked.CompareExchange(ref _more, new More(0), null) ?? _more;

    private sealed class More(long accepted)
    {
        public long Accepted { get; } = accepted;

        /// <summary>The change that the item is, for members that have the message already.</summary>
        public RoomItem? Change { get; set; }

        public byte[]?[] Frames => field ??= new byte[]?[WireFormats.Count];
    }
}
