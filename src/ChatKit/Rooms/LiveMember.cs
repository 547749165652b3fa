using ChatKit.ChatKitV1;

namespace ChatKit.Rooms;

/// <summary>
/// A live member as the fan-out sees it. The data that the fan-out needs of all members is contiguous in memory. Looking up each of a
/// thousand members in another place costs more than the rest of the fan-out.
/// </summary>
internal readonly struct LiveMember(RoomMember member)
{
    public RoomMember Member { get; } = member;

    public IOutbound Outbound { get; } = member.Client.Outbound;

    /// <summary>The value of <see cref="IRoomClient.Format"/>.</summary>
    public WireFormat Format { get; } = member.Client.Format;

    /// <summary>The value of <see cref="RoomMember.LiveFrom"/>.</summary>
    public long LiveFrom { get; } = member.LiveFrom;

    /// <summary>The sequence of <see cref="RoomMember.DeliveredThrough"/>.</summary>
    public long DeliveredThrough { get; } = member.DeliveredThrough.Sequence;

    /// <summary>The value of <see cref="RoomMember.DeliveredRevision"/>.</summary>
    public long DeliveredRevision { get; } = member.DeliveredRevision;

    /// <summary>Whether one of the connections belongs, or belonged, to the member.</summary>
    public bool IsAnyOf(HashSet<string?> connectionIds) =>
        connectionIds.Contains(Member.Client.Id) || Member.Client.FormerIds.Any(connectionIds.Contains);
}
