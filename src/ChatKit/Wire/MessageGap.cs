namespace ChatKit.Wire;

/// <summary>A hole in a room's messages that will not be filled.</summary>
/// <param name="After">The last position before the hole.</param>
/// <param name="Next">The first position behind it; null as long as there is none.</param>
/// <param name="Missed">How many messages are missing; null if that is not known, because the stream was lost and has begun anew.</param>
internal sealed record MessageGap(MessagePosition After, MessagePosition? Next, long? Missed) : RoomNotice
{
    public override byte[] Frame(string room) => V1Frames.Gap(room, this);

    /// <summary>The hole before a page that was read after a position; null if there is none.</summary>
    public static MessageGap? Before(HistoryPage page, MessagePosition after)
    {
        if (!page.Restarted && page.Missed == 0)
            return null;
        return new MessageGap(after, page.Messages.Count > 0 ? page.Messages[0].Position : null, page.Restarted ? null : page.Missed);
    }
}
