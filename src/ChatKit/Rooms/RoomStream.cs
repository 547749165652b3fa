using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>Accepts a room's messages strictly by position, and reads from history the messages that the backplane has lost.</summary>
internal sealed class RoomStream(RoomState room, RoomServices services)
{
    private bool _isFilling;

    /// <summary>Takes a message that the backplane delivers.</summary>
    public void OnMessage(ChatMessage message)
    {
        lock (room.Gate)
        {
            // The last member has left, and the subscription is about to end.
            if (room.IsClosed)
                return;
            var mustRead = message.Revision is { } revision
                ? AcceptOrAnnounce(message, revision)
                : room.Queue.IsOverloaded ? AnnounceOnly(message) : AcceptOrAnnounce(message);
            if (!mustRead)
                return;
        }

        _ = FillAsync();
    }

    /// <summary>Reads from history the messages that the backplane has lost.</summary>
    public async Task FillAsync()
    {
        lock (room.Gate)
        {
            if (_isFilling || room.Cursor.Accepted is null || !room.NeedsHistory)
                return;
            _isFilling = true;
        }

        try
        {
            // Reads no faster than the room can fan out.
            do
            {
                await room.Queue.WaitForTurnAsync().ConfigureAwait(false);
            }
            while (await FillOnceAsync().ConfigureAwait(false));
        }
        catch (Exception e)
        {
            lock (room.Gate)
                _isFilling = false;

            // The next check tries again.
            var level = LogLevels.Of(e);
            services.Logger.FillFailed(level, room.Name, e);
        }
    }

    /// <summary>
    /// Accepts a message, unless it is a duplicate, or earlier ones are missing. Returns true if those must be read from history.
    /// </summary>
    private bool AcceptOrAnnounce(ChatMessage message)
    {
        room.Gate.AssertHeld();
        var arrival = room.Cursor.Judge(message.Position);
        if (arrival == Arrival.Duplicate)
            return false;
        if (arrival != Arrival.Next && room.NeedsHistory)
        {
            room.Cursor.Announce(message.Position.GetValueOrDefault());
            return true;
        }

        if (arrival == Arrival.AfterGap)
        {
            // No member receives stored messages, so the gap would never be filled.
            var gap = room.Cursor.GapBefore(message.Position.GetValueOrDefault());
            services.Logger.MessagesLost(room.Name, gap.Missed.GetValueOrDefault());
            Notify(gap, room.Cursor.Revision);
            room.Tail.Clear();
        }

        Accept(message);
        return false;
    }

    /// <summary>Accepts a change, unless it is a duplicate, or earlier changes or messages are missing.</summary>
    /// <inheritdoc cref="AcceptOrAnnounce(ChatMessage)"/>
    private bool AcceptOrAnnounce(ChatMessage message, long revision)
    {
        room.Gate.AssertHeld();
        var position = message.Position.GetValueOrDefault();
        var arrival = room.Cursor.Judge(position, revision);
        if (arrival == Arrival.Duplicate)
            return false;
        if (room.NeedsHistory && (arrival != Arrival.Next || room.Cursor.Accepted is null || room.Queue.IsOverloaded))
        {
            room.Cursor.Announce(position, revision);
            return true;
        }

        // Nobody here receives stored messages, so the change, or the message before it, is lost like other messages are.
        if (room.Queue.IsOverloaded || (room.Cursor.Accepted is { } accepted && !position.IsAtOrBefore(accepted)))
            return false;

        AcceptChange(message);
        return false;
    }

    /// <summary>Does not queue a message, because too many are waiting. Returns true if it must be read from history.</summary>
    private bool AnnounceOnly(ChatMessage message)
    {
        room.Gate.AssertHeld();
        if (!room.Queue.HasReportedOverload)
            services.Logger.Overloaded(room.Name);
        room.Queue.HasReportedOverload = true;
        if (message.Position is not { } position || !room.NeedsHistory || position.IsAtOrBefore(room.Cursor.Accepted.GetValueOrDefault()))
            return false;
        room.Cursor.Announce(position);
        return true;
    }

    /// <summary>Reads one page. Returns false, and ends the filling, if there is nothing left to read.</summary>
    private async ValueTask<bool> FillOnceAsync()
    {
        MessagePosition? accepted;
        (MessagePosition, long) announced;
        long? revision;
        lock (room.Gate)
        {
            (accepted, revision) = (room.Cursor.Accepted, room.Cursor.Revision);
            announced = (room.Cursor.Announced, room.Cursor.AnnouncedRevision);
        }

        StreamPosition? after = accepted is { } known ? new StreamPosition(known, revision) : null;
        var page = await services.ReadAsync(room.Name, after).ConfigureAwait(false);
        lock (room.Gate)
        {
            // The stream has begun, or changed its epoch, while the page was read: the page is outdated.
            if (room.Cursor.Accepted != accepted && room.Cursor.Accepted?.Epoch != page.Top.Epoch)
                return true;

            // Messages that were announced while the page was read are not in it, and nothing else reads them.
            var more = AcceptPage(page) || (room.Cursor.Announced, room.Cursor.AnnouncedRevision) != announced;
            if (!more)
                room.Cursor.ForgetAnnouncedRevision(); // The store does not have it.
            return _isFilling = more && room.Cursor.IsBehind;
        }
    }

    /// <summary>Accepts the messages and changes after the last accepted ones. Returns true if there were any.</summary>
    private bool AcceptPage(HistoryPage page)
    {
        room.Gate.AssertHeld();
        if (page.Restarted)
            services.Logger.StreamRestarted(room.Name, page.Top);
        var revision = room.Cursor.Revision;
        var (change, gap) = room.Cursor.MoveTo(page);
        if (page.Missed > 0 && change != PageChange.Rewound)
            services.Logger.MessagesMissed(room.Name, page.Missed);
        if (gap is not null)
            Notify(gap, revision);
        if (change == PageChange.Rewound)
        {
            room.Rewind(page.Top);
            return false;
        }

        if (change != PageChange.Continues)
            room.Tail.Clear();
        if (change == PageChange.Renamed)
            room.Rename(page.Top.Epoch);
        if (page.Restarted)
            room.Rewind(page.Start);
        var before = (room.Cursor.Accepted, room.Cursor.Revision);
        foreach (var message in page.Messages)
        {
            if (message.Position is { } position && position.Follows(room.Cursor.Accepted.GetValueOrDefault()))
                Accept(message);
        }

        // After the messages: a member can have one of them already, in an earlier state.
        foreach (var changed in ChangesIn(page))
            AcceptChange(changed, isNew: changed.Position!.Value.Sequence > (before.Accepted?.Sequence ?? 0));
        room.Cursor.AcceptUpTo(page.Revision);
        return (room.Cursor.Accepted, room.Cursor.Revision) != before;
    }

    /// <summary>The changes in a page that were not accepted, of messages that were. Some messages may have arrived since it was read.</summary>
    private List<ChatMessage> ChangesIn(HistoryPage page)
    {
        if (page.Revision == 0 || room.Cursor.Revision is not { } revision || page.Revision <= revision)
            return [];
        var accepted = room.Cursor.Accepted.GetValueOrDefault();
        return
        [
            .. page.Changes
                .Concat(page.Messages.Where(message => message.Position!.Value.Sequence <= accepted.Sequence))
                .Where(message => message.Revision > revision)
                .OrderBy(static message => message.Revision),
        ];
    }

    /// <param name="message">The message as it is now.</param>
    /// <param name="isNew">Whether the room has accepted the message in this state. Then only members that are ahead of the room lack the change.</param>
    private void AcceptChange(ChatMessage message, bool isNew = false)
    {
        var revision = message.Revision.GetValueOrDefault();
        var item = new RoomItem(message, revision);
        if (room.HasWaiting || room.Tail.HasPage)
            room.Tail.Apply(item, room.Cursor.Revision ?? revision - 1);
        room.Cursor.Accept(revision);
        if (!isNew || room.Members.Any(member => message.Position!.Value.IsAtOrBefore(member.DeliveredThrough)))
            room.Queue.Add(item.AsChange(room.Cursor.Accepted));
    }

    private void Accept(ChatMessage message)
    {
        services.Metrics.Accepted(message.At);
        var item = new RoomItem(message, room.Cursor.Revision ?? 0);
        if (message.Position is { } position)
        {
            if (room.HasWaiting || room.Tail.HasPage)
                room.Tail.Add(item, room.Cursor.Accepted, room.Cursor.Revision, room.LargestReplay, room.HasWaiting);
            room.Cursor.Accept(position);
        }

        room.Queue.Add(item);
    }

    /// <summary>Notifies the live members of messages that they will not receive.</summary>
    /// <param name="gap">The gap.</param>
    /// <param name="revision">The last revision that was accepted before it.</param>
    private void Notify(MessageGap gap, long? revision)
    {
        services.Metrics.Missed(GapScope.Room, gap.Missed);
        room.Queue.Add(new RoomItem(gap, revision ?? 0));
    }
}
