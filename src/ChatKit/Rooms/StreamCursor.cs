using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// Tracks the positions of a room's stream, and determines what a message or a page means for the room. Holds no lock and does no I/O.
/// </summary>
internal sealed class StreamCursor
{
    /// <summary>The last position that was accepted for delivery; null if none is known yet.</summary>
    public MessagePosition? Accepted { get; private set; }

    /// <summary>The last revision that was accepted for delivery; null if none is known yet.</summary>
    public long? Revision { get; private set; }

    /// <summary>The last position that was announced and not accepted, because earlier ones are missing.</summary>
    public MessagePosition Announced { get; private set; }

    /// <summary>The last revision that was announced and not accepted, because earlier ones, or messages, are missing.</summary>
    public long AnnouncedRevision { get; private set; }

    /// <summary>Whether announced messages or changes are still to be read from history.</summary>
    public bool IsBehind => !Announced.IsAtOrBefore(Accepted.GetValueOrDefault()) || AnnouncedRevision > (Revision ?? 0);

    /// <summary>
    /// Determines how a message at a position relates to the stream. An ephemeral message, which has no position, is always next.
    /// </summary>
    public Arrival Judge(MessagePosition? position)
    {
        if (position is not { } at || Accepted is not { } accepted || at.Follows(accepted))
            return Arrival.Next;
        if (at.IsAtOrBefore(accepted))
            return Arrival.Duplicate;
        return at.IsOfStream(accepted) ? Arrival.AfterGap : Arrival.OfAnotherStream;
    }

    /// <summary>Determines how a change relates to the stream. The message itself must have been accepted.</summary>
    public Arrival Judge(MessagePosition position, long revision)
    {
        if (Accepted is { } accepted && position.Epoch != accepted.Epoch)
            return Arrival.OfAnotherStream;
        if (Accepted is { } last && position.Sequence > last.Sequence)
            return Arrival.AfterGap;
        if (Revision is not { } known || revision == known + 1)
            return Arrival.Next;
        return revision <= known ? Arrival.Duplicate : Arrival.AfterGap;
    }

    /// <summary>The gap before a message that has arrived <see cref="Arrival.AfterGap"/>.</summary>
    public MessageGap GapBefore(MessagePosition position)
    {
        var accepted = Accepted.GetValueOrDefault();
        return new MessageGap(accepted, position, position.Sequence - accepted.Sequence - 1);
    }

    /// <summary>Accepts a position for delivery.</summary>
    public void Accept(MessagePosition position) => Accepted = position;

    /// <summary>Records a position that must be read from history, together with those before it.</summary>
    public void Announce(MessagePosition position) => Announced = position;

    /// <summary>Accepts a revision for delivery.</summary>
    public void Accept(long revision) => Revision = revision;

    /// <summary>Accepts the revisions of a page, whose changes were accepted.</summary>
    public void AcceptUpTo(long revision) => Revision = Math.Max(Revision ?? 0, revision);

    /// <summary>Records a change that must be read from history.</summary>
    public void Announce(MessagePosition position, long revision)
    {
        if (!position.IsAtOrBefore(Accepted.GetValueOrDefault()))
            Announced = position;
        AnnouncedRevision = Math.Max(AnnouncedRevision, revision);
    }

    /// <summary>Forgets a change that the history does not have.</summary>
    public void ForgetAnnouncedRevision() => AnnouncedRevision = 0;

    /// <summary>Continues from the top of the first page that was read, if no position is known.</summary>
    public void StartAt(MessagePosition top, long revision)
    {
        Accepted ??= top;
        Revision ??= revision;
    }

    /// <summary>Moves to the position before a page's messages. The caller then accepts those messages.</summary>
    /// <param name="page">The messages that the history has after <see cref="Accepted"/>.</param>
    public PageEffect MoveTo(HistoryPage page)
    {
        var start = page.Start;
        if (Accepted is not { } accepted)
            return PageEffect.None;

        if (page.Restarted && page.Top.Epoch == accepted.Epoch && page.Top.Sequence < accepted.Sequence)
        {
            // The store has lost its newest messages, which were delivered here. New messages take their positions.
            Accepted = page.Top;
            Restart(page);
            return new PageEffect(PageChange.Rewound, new MessageGap(accepted, null, null));
        }

        if (page.Restarted || (page.Missed > 0 && start.Sequence > accepted.Sequence))
        {
            Accepted = start;
            if (page.Restarted)
                Restart(page);
            var missed = page.Restarted ? (long?)null : start.Sequence - accepted.Sequence;
            return new PageEffect(PageChange.Jumped, new MessageGap(accepted, MessageGap.NextOf(page), missed));
        }

        if (accepted.Sequence > 0 && accepted.Epoch != page.Top.Epoch)
        {
            // The stream continues under another name: the store has lost messages, but none that were delivered here.
            Accepted = page.Top with { Sequence = accepted.Sequence };
            return new PageEffect(PageChange.Renamed, null);
        }

        return PageEffect.None;
    }

    /// <summary>Continues with the revisions of another stream.</summary>
    private void Restart(HistoryPage page) => (Revision, AnnouncedRevision) = (page.Revision, 0);
}
