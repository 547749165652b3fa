
namespace ChatKit.Rooms.Events;

/// <summary>A gap in a room's messages that will not be filled.</summary>
/// <param name="After">The last position before the gap.</param>
/// <param name="Next">The first position after the gap; null if there is none yet.</param>
/// <param name="Missed">The number of missing messages; null if it is unknown, because the stream was lost and has restarted.</param>
internal sealed record MessageGap(MessagePosition After, MessagePosition? Next, long? Missed) : RoomEvent
{
    /// <summary>
    /// Returns the part of the gap after a position that a reader reached while the messages still existed; null if nothing is left.
    /// </summary>
    public MessageGap? Behind(MessagePosition read)
    {
        var known = read.Sequence - After.Sequence;
        if (Missed is not { } missed || known <= 0 || !After.IsOfStream(read))
            return this;
        return known < missed ? this with { After = read, Missed = missed - known } : null;
    }

    /// <summary>
    /// The first position after the gap before a page. If nothing is stored and the stream continues, this is the position of the next
    /// message.
    /// </summary>
    public static MessagePosition? NextOf(HistoryPage page) => page switch
    {
        { Messages: [var first, ..] } => first.Position,
        { Restarted: true } => null,
        { Top: var top } => top with { Sequence = top.Sequence + 1 },
    };

    /// <summary>Returns the gap before a page that was read after a position; null if there is none.</summary>
    public static MessageGap? Before(HistoryPage page, MessagePosition after)
    {
        if (!page.Restarted && page.Missed == 0)
            return null;
        return new MessageGap(after, NextOf(page), page.Restarted ? null : page.Missed);
    }
}
