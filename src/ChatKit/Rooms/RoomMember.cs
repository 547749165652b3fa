using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;
using ChatKit.Rooms.Reads;

namespace ChatKit.Rooms;

/// <summary>A connection in a room. The room's lock guards its state.</summary>
/// <param name="client">The connection.</param>
/// <param name="replay">The number of stored messages that the member receives on joining; 0 = live messages only.</param>
/// <param name="resumeAfter">How far the client has followed the room on an earlier connection; null if it has not said.</param>
/// <param name="capacity">The number of messages that the history keeps; null if the member receives all of them on joining.</param>
internal sealed class RoomMember(IRoomClient client, int replay, StreamPosition? resumeAfter = null, int? capacity = null)
{
    public IRoomClient Client { get; } = client;

    /// <summary>The number of stored messages that the member receives on joining; 0 = live messages only.</summary>
    public int Replay { get; } = replay;

    /// <summary>The number of messages that the history keeps.</summary>
    public int Capacity { get; } = capacity ?? replay;

    public MemberState State { get; set; }

    /// <summary>The age of the connection when it joined, in milliseconds.</summary>
    public uint JoinedAtAge { get; set; }

    /// <summary>Whether the member receives positions and gaps, and is notified when it is live.</summary>
    public bool SpeaksV1 { get; } = (client.Format & WireFormat.V1) != 0;

    /// <summary>While the member catches up, the last position that it has, or that was enqueued for it; null before the first.</summary>
    public MessagePosition? Cursor { get; set; } = resumeAfter?.Message;

    /// <summary>While the member catches up, the revision up to which it has the changes of the messages up to <see cref="Cursor"/>.</summary>
    public long Revision { get; set; } = resumeAfter?.Revision ?? 0;

    /// <summary>
    /// The value of <see cref="RoomState.Rewinds"/> when messages were last read for the member; null if the store had lost something that
    /// the room had accepted, and the room may not have noticed.
    /// </summary>
    public int? ReadAtRewind { get; set; }

    /// <summary>What the member has while it catches up; null before the first message. A plain client receives no changes.</summary>
    public StreamPosition? Position => Cursor is { } cursor ? new StreamPosition(cursor, SpeaksV1 ? Revision : null) : null;

    /// <summary>Whether the member has sent the position from which it resumes.</summary>
    public bool Resumes { get; } = resumeAfter is not null;

    /// <summary>Whether the member has received all messages after the position from which it has resumed.</summary>
    public bool Recovered { get; set; } = resumeAfter is not null && replay > 0;

    /// <summary>Whether the member may have missed join or leave events, and must receive the list of who is here.</summary>
    public bool LacksPresence { get; set; }

    /// <summary>The space that the member's queue needs for notifications that did not fit, in bytes.</summary>
    public int NeedsSpace { get; set; }

    /// <summary>Whether the member must still be notified that it is live.</summary>
    public bool AwaitsLive { get; set; } = (client.Format & WireFormat.V1) != 0;

    /// <summary>What the member's user has read of the room; null if that is not kept, or not known.</summary>
    public ReadState? Reads { get; set; }

    /// <summary>
    /// The number of messages that the room had accepted when the member went live. They were not for the member, or it has read them.
    /// </summary>
    public long LiveFrom { get; set; }

    /// <summary>The position up to which the member has received messages from history. Live messages up to it are duplicates.</summary>
    public MessagePosition DeliveredThrough { get; set; }

    /// <summary>The revision up to which the member has received changes from history. Live changes up to it are duplicates.</summary>
    public long DeliveredRevision { get; set; }

    /// <summary>Whether a live member has not received an item before.</summary>
    /// <param name="item">The item.</param>
    /// <param name="number">The number of items that the room had accepted before it.</param>
    public bool HasNotReceived(RoomItem item, long number) =>
        number >= LiveFrom
        && item.Position?.IsAtOrBefore(DeliveredThrough) != true
        && item.Event switch
        {
            MessageGap gap => gap.Behind(DeliveredThrough) is not null,
            ChangeEvent change => change.Revision > DeliveredRevision,
            _ => true,
        };

    /// <summary>
    /// Whether a live member must receive a frame for an item: the item itself, or the position of a message that is not for it.
    /// </summary>
    /// <param name="item">The item.</param>
    /// <param name="number">The number of items that the room had accepted before it.</param>
    public bool IsSentFor(RoomItem item, long number) =>
        HasNotReceived(item, number) && (item.IsFor(Client) || (SpeaksV1 && item.Position is not null));

    /// <summary>Whether a live member must receive an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="number">The number of items that the room had accepted before it.</param>
    public bool IsDue(RoomItem item, long number) => HasNotReceived(item, number) && item.IsFor(Client);
}
