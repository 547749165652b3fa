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
            if (!(room.Queue.IsOverloaded ? AnnounceOnly(message) : AcceptOrAnnounce(message)))
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
            Notify(gap);
            room.Tail.Clear();
        }

        Accept(message);
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
        MessagePosition announced;
        lock (room.Gate)
            (accepted, announced) = (room.Cursor.Accepted, room.Cursor.Announced);
        var page = await services.ReadAsync(room.Name, accepted).ConfigureAwait(false);
        lock (room.Gate)
        {
            // The stream has begun, or changed its epoch, while the page was read: the page is outdated.
            if (room.Cursor.Accepted != accepted && room.Cursor.Accepted?.Epoch != page.Top.Epoch)
                return true;

            // Messages that were announced while the page was read are not in it, and nothing else reads them.
            var more = AcceptPage(page) || room.Cursor.Announced != announced;
            return _isFilling = more && room.Cursor.IsBehind;
        }
    }

    /// <summary>Accepts the messages after the last accepted position. Returns true if there were any.</summary>
    private bool AcceptPage(HistoryPage page)
    {
        room.Gate.AssertHeld();
        if (page.Restarted)
            services.Logger.StreamRestarted(room.Name, page.Top);
        var (change, gap) = room.Cursor.MoveTo(page);
        if (page.Missed > 0 && change != PageChange.Rewound)
            services.Logger.MessagesMissed(room.Name, page.Missed);
        if (gap is not null)
            Notify(gap);
        if (change == PageChange.Rewound)
        {
            room.Rewind(page.Top);
            return false;
        }

        if (change != PageChange.Continues)
            room.Tail.Clear();
        var before = room.Cursor.Accepted;
        foreach (var message in page.Messages)
        {
            if (message.Position is { } position && position.Follows(room.Cursor.Accepted.GetValueOrDefault()))
                Accept(message);
        }

        return room.Cursor.Accepted != before;
    }

    private void Accept(ChatMessage message)
    {
        services.Metrics.Accepted(message.At);
        var item = new RoomItem(message);
        if (message.Position is { } position)
        {
            if (room.HasWaiting || room.Tail.HasPage)
                room.Tail.Add(item, room.Cursor.Accepted, room.LargestReplay, room.HasWaiting);
            room.Cursor.Accept(position);
        }

        room.Queue.Add(item);
    }

    /// <summary>Notifies the live members of messages that they will not receive.</summary>
    private void Notify(MessageGap gap)
    {
        services.Metrics.Missed(GapScope.Room, gap.Missed);
        room.Queue.Add(new RoomItem(gap));
    }
}
