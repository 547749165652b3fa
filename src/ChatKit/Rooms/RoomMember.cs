using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>A connection in a room. Its state belongs to the room, which guards it by its lock.</summary>
/// <param name="client">The connection.</param>
/// <param name="replay">How many stored messages the member is given on joining; 0 = it takes live messages only.</param>
/// <param name="resumeAfter">Up to where the client has the room's messages from an earlier connection; null if it has said nothing of it.</param>
internal sealed class RoomMember(IRoomClient client, int replay, MessagePosition? resumeAfter = null)
{
    public IRoomClient Client { get; } = client;

    /// <summary>How many stored messages the member is given on joining; 0 = it takes live messages only.</summary>
    public int Replay { get; } = replay;

    public MemberState State { get; set; }

    /// <summary>Whether the member is told of positions, gaps, and when it is live.</summary>
    public bool SpeaksV1 { get; } = (client.Format & WireFormat.V1) != 0;

    /// <summary>The last position that the member has, or that was enqueued for it, while it catches up; null before the first.</summary>
    public MessagePosition? Cursor { get; set; } = resumeAfter;

    /// <summary>Whether the member has said up to where it has the room's messages.</summary>
    public bool Resumes { get; } = resumeAfter is not null;

    /// <summary>Whether the member has got everything since the position that it has resumed from.</summary>
    public bool Recovered { get; set; } = resumeAfter is not null && replay > 0;

    /// <summary>Whether the member may have missed who has come or gone, and is to be told who is there.</summary>
    public bool LacksPresence { get; set; }

    /// <summary>How much space what could not be told at once needs in the member's queue, in bytes.</summary>
    public int NeedsSpace { get; set; }

    /// <summary>Whether the member still has to be told that it is live.</summary>
    public bool AwaitsLive { get; set; } = (client.Format & WireFormat.V1) != 0;

    /// <summary>How many messages the room had accepted when the member went live. Those were not for it, or it has read them.</summary>
    public long LiveFrom { get; set; }

    /// <summary>Up to here the member has got the room's messages from history: live ones until then are doubles.</summary>
    public MessagePosition DeliveredThrough { get; set; }

    /// <summary>Whether a live member has not received an item before.</summary>
    /// <param name="item">The item.</param>
    /// <param name="number">How many items the room had accepted before it.</param>
    public bool HasNotReceived(RoomItem item, long number) =>
        number >= LiveFrom
        && item.Position?.IsAtOrBefore(DeliveredThrough) != true
        && (item.Event is not MessageGap gap || gap.Behind(DeliveredThrough) is not null);

    /// <summary>Whether a live member is to be sent a frame for an item: the item, or that there is a message which is not for it.</summary>
    /// <param name="item">The item.</param>
    /// <param name="number">How many items the room had accepted before it.</param>
    public bool IsSentFor(RoomItem item, long number) =>
        HasNotReceived(item, number) && (item.IsFor(Client) || (SpeaksV1 && item.Position is not null));

    /// <summary>Whether a live member is to receive an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="number">How many items the room had accepted before it.</param>
    public bool IsDue(RoomItem item, long number) => HasNotReceived(item, number) && item.IsFor(Client);
}
