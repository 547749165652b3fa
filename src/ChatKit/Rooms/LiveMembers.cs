using ChatKit.ChatKitV1;

namespace ChatKit.Rooms;

/// <summary>The live members of a room at one moment.</summary>
internal sealed class LiveMembers
{
    private readonly int _formats;

    public LiveMembers(IEnumerable<RoomMember> members)
    {
        All = [.. members.Where(static member => member.State == MemberState.Live).Select(static member => new LiveMember(member))];
        foreach (ref readonly var one in All.AsSpan())
        {
            _formats |= 1 << (int)one.Format;
            Longest |= one.Format & WireFormat.V1;
        }
    }

    public LiveMember[] All { get; }

    /// <summary>The format with the longest frames, among the formats of the members.</summary>
    public WireFormat Longest { get; }

    /// <summary>Whether a member has a format.</summary>
    public bool Have(WireFormat format) => (_formats & (1 << (int)format)) != 0;
}
