using ChatKit.ChatKitV1;

namespace ChatKit.Rooms;

/// <summary>
/// A live member as fanning out sees it: what it needs of all of them lies side by side. To reach for each of a thousand members in
/// another place costs more than all else that is done for it here.
/// </summary>
internal readonly struct LiveMember(RoomMember member)
{
    public RoomMember Member { get; } = member;

    public IOutbound Outbound { get; } = member.Client.Outbound;

    /// <summary><see cref="IRoomClient.Format"/>.</summary>
    public WireFormat Format { get; } = member.Client.Format;

    /// <summary><see cref="RoomMember.LiveFrom"/>.</summary>
    public long LiveFrom { get; } = member.LiveFrom;

    /// <summary>The sequence of <see cref="RoomMember.DeliveredThrough"/>.</summary>
    public long DeliveredThrough { get; } = member.DeliveredThrough.Sequence;

    /// <summary>Whether some connection is, or was, the member's.</summary>
    public bool IsAnyOf(HashSet<string?> connectionIds) =>
        connectionIds.Contains(Member.Client.Id) || Member.Client.FormerIds.Any(connectionIds.Contains);
}
