using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ChatKit.ChatKitV1;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// Items of a batch that are offered to each live member at once, with their frames joined: for the first member that needs them, and shared
/// by the others. Threads can share a piece after <see cref="JoinFor"/>.
/// </summary>
internal struct FanOutPiece
{
    private readonly string _room;
    private readonly List<RoomItem> _batch;
    private readonly int _start;
    private readonly int _count;
    private readonly long? _first;
    private readonly long? _revision;

    /// <summary>The connections that a message is not for; null if there are none.</summary>
    private readonly HashSet<string?>? _leftOut;
    private JoinedFrames _joined;

    /// <param name="room">The room's name.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="start">The index of the piece in the batch.</param>
    /// <param name="count">The number of items.</param>
    /// <param name="number">The number of items that the room had taken before the piece.</param>
    public FanOutPiece(string room, List<RoomItem> batch, int start, int count, long number)
    {
        (_room, _batch, _start, _count, Number) = (room, batch, start, count, number);
        foreach (var item in Items)
        {
            _first ??= item.Position?.Sequence ?? (item.Event as MessageGap)?.After.Sequence + 1;
            if (item.Message is { Audience: Audience.Others } forOthers)
                (_leftOut ??= []).Add(forOthers.ConnectionId);
            switch (item.Event)
            {
                case null:
                    break;
                case ChangeEvent change:
                    _revision ??= change.Revision;
                    break;
                case ReadEvent read:
                    (Reads ??= []).Add(read);
                    break;
                case DisconnectEvent or UserCommand:
                    (Commands ??= []).Add(item.Event);
                    break;
            }
        }
    }

    /// <summary>The number of items that the room had taken before the piece.</summary>
    public long Number { get; }

    public readonly ReadOnlySpan<RoomItem> Items => CollectionsMarshal.AsSpan(_batch).Slice(_start, _count);

    /// <summary>The read cursors among the items; null if there are none.</summary>
    public List<ReadEvent>? Reads { get; }

    /// <summary>The commands among the items; null if there are none.</summary>
    public List<RoomEvent>? Commands { get; }

    /// <summary>Joins the frames in the formats of all members.</summary>
    public void JoinFor(LiveMembers live)
    {
        for (var format = WireFormat.Plain; (int)format < WireFormats.Count; format++)
        {
            if (live.Have(format))
                _joined[(int)format] = Join(null, format, out _);
        }
    }

    /// <summary>The frames for a member; empty if there are none.</summary>
    /// <param name="one">The member.</param>
    /// <param name="count">The number of messages that the member receives.</param>
    public byte[] FramesFor(in LiveMember one, out int count)
    {
        if (one.LiveFrom > Number
            || one.DeliveredThrough >= _first
            || (_leftOut is not null && one.IsAnyOf(_leftOut))
            || one.DeliveredRevision >= _revision)
            return Join(one.Member, one.Format, out count);

        count = _count - (Reads?.Count ?? 0);
        return _joined[(int)one.Format] ??= Join(null, one.Format, out _);
    }

    /// <summary>The frames for a member, or for all members if it is null, and the number of messages that the member receives.</summary>
    private readonly byte[] Join(RoomMember? member, WireFormat format, out int count)
    {
        count = 0;
        var length = 0;
        byte[] last = [];
        var items = Items;
        for (var i = 0; i < items.Length; i++)
        {
            if (member?.IsSentFor(items[i], Number + i) == false)
                continue;
            last = FrameOf(items[i], member, format);
            length += last.Length;
            if (member is null || items[i].IsFor(member.Client))
                count++;
        }

        if (length == last.Length)
            return last;

        var joined = GC.AllocateUninitializedArray<byte>(length);
        var rest = joined.AsSpan();
        for (var i = 0; i < items.Length; i++)
        {
            if (member?.IsSentFor(items[i], Number + i) == false)
                continue;
            var frame = FrameOf(items[i], member, format).AsSpan();
            frame.CopyTo(rest);
            rest = rest[frame.Length..];
        }

        return joined;
    }

    /// <summary>The frame of an item for a member. A member that has read into a gap is notified of the rest of it.</summary>
    private readonly byte[] FrameOf(RoomItem item, RoomMember? member, WireFormat format)
    {
        if ((format & WireFormat.V1) != 0
            && item.Event is MessageGap gap
            && member is not null
            && gap.Behind(member.DeliveredThrough) is { } rest
            && rest != gap)
            return V1Frames.Gap(_room, rest);
        return member is null ? item.Frame(_room, format) : MemberSender.FrameFor(_room, member.Client, item);
    }

    /// <summary>The joined frames for each wire format.</summary>
    [InlineArray(WireFormats.Count)]
    private struct JoinedFrames
    {
        private byte[]? _first;
    }
}
