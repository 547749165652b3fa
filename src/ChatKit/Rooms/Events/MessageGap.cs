
namespace ChatKit.Rooms.Events;

/// <summary>A hole in a room's messages that will not be filled.</summary>
/// <param name="After">The last position before the hole.</param>
/// <param name="Next">The first position behind it; null as long as there is none.</param>
/// <param name="Missed">How many messages are missing; null if that is not known, because the stream was lost and has begun anew.</param>
internal sealed record MessageGap(MessagePosition After, MessagePosition? Next, long? Missed) : RoomEvent
{
    /// <summary>What of the hole is one for whoever has read up to a position, while its messages were still there; null if nothing is.</summary>
    public MessageGap? Behind(MessagePosition read)
    {
        var known = read.Sequence - After.Sequence;
        if (Missed is not { } missed || known <= 0 || !After.IsOfStream(read))
            return this;
        return known < missed ? this with { After = read, Missed = missed - known } : null;
    }

    /// <summary>
    /// The first position behind the hole before a page: also of a message that is still to come, if nothing is stored and the stream goes on.
    /// </summary>
    public static MessagePosition? NextOf(HistoryPage page) => page switch
    {
        { Messages: [var first, ..] } => first.Position,
        { Restarted: true } => null,
        { Top: var top } => top with { Sequence = top.Sequence + 1 },
    };

    /// <summary>The hole before a page that was read after a position; null if there is none.</summary>
    public static MessageGap? Before(HistoryPage page, MessagePosition after)
    {
        if (!page.Restarted && page.Missed == 0)
            return null;
        return new MessageGap(after, NextOf(page), page.Restarted ? null : page.Missed);
    }
}
