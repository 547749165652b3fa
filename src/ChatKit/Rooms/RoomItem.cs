using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>What goes through a room in its one order: a message, or a notice in place of one.</summary>
internal readonly struct RoomItem
{
    private readonly MessageFrames _frames;

    public RoomItem(ChatMessage message) => (Message, _frames) = (message, message.Frames);

    public RoomItem(RoomEvent notice) => (Notice, _frames) = (notice, new MessageFrames());

    /// <summary>The message; null for a notice.</summary>
    public ChatMessage? Message { get; }

    /// <summary>The notice; null for a message.</summary>
    public RoomEvent? Notice { get; }

    /// <summary>The message's place in the stream; null for one that is not stored, and for a notice.</summary>
    public MessagePosition? Position => Message?.Position;

    /// <summary>The size of the payload, in bytes.</summary>
    public int PayloadSize => Message?.Data.Length ?? 0;

    /// <summary>Whether a client in the room receives it.</summary>
    public bool IsFor(IRoomClient client) => Message is not { Audience: Audience.Others } message || !client.Has(message.ConnectionId);

    /// <summary>The frame in a format; empty if the format has none for it.</summary>
    public byte[] Frame(string room, WireFormat format) =>
        Message is { } message ? _frames.Get(room, message, format) : _frames.Get(room, Notice!, format);

    public static implicit operator RoomItem(ChatMessage message) => new(message);

    public static implicit operator RoomItem(RoomEvent notice) => new(notice);
}
