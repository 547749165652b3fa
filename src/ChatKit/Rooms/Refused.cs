using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>Determines the consequences for a member whose queue has refused some items.</summary>
internal static class Refused
{
    /// <summary>Returns how many of the refused messages the member will not get from history either.</summary>
    public static int CountLost(RoomMember member, ReadOnlySpan<RoomItem> refused, long number)
    {
        var count = 0;
        for (var i = 0; i < refused.Length; i++)
        {
            if (refused[i].Event is null && (refused[i].Position is null || member.Replay == 0) && member.IsDue(refused[i], number + i))
                count++;
        }

        return count;
    }

    /// <summary>
    /// Returns the position before the first refused message or change that is stored, and that the member has not received before; null if
    /// there is none. A member that continues reading from before a gap finds the gap again.
    /// </summary>
    public static StreamPosition? LastBefore(RoomMember member, ReadOnlySpan<RoomItem> refused, long number)
    {
        for (var i = 0; i < refused.Length; i++)
        {
            if (!member.HasNotReceived(refused[i], number + i))
                continue;
            if (refused[i].Position is { } position)
                return new StreamPosition(position with { Sequence = position.Sequence - 1 }, refused[i].Accepted);
            if (!member.SpeaksV1)
                continue;
            if (refused[i].Event is MessageGap gap && gap.Behind(member.DeliveredThrough) is { } rest)
                return new StreamPosition(rest.After, refused[i].Accepted);
            if (refused[i].Event is ChangeEvent { After: { } after } change)
                return new StreamPosition(after.IsAtOrBefore(member.DeliveredThrough) ? member.DeliveredThrough : after, change.Revision - 1);
        }

        return null;
    }

    /// <summary>Whether the member has missed a join or leave event.</summary>
    public static bool HavePresence(ReadOnlySpan<RoomItem> refused)
    {
        foreach (var item in refused)
        {
            if (item.Event is PresenceEvent)
                return true;
        }

        return false;
    }
}
