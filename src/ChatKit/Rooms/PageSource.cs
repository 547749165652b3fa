namespace ChatKit.Rooms;

/// <summary>
/// What members need from history: from the room's latest messages where they reach far enough, else read together with what the others need that
/// wait for their turn.
/// </summary>
internal sealed class PageSource(RoomState room, RoomServices services)
{
    /// <summary>Reads what follows the position that a member has. Null if the member no longer needs it.</summary>
    public async ValueTask<RoomPage?> ReadAsync(RoomMember member)
    {
        lock (room.Gate)
        {
            room.Tail.IsUsed = true;
            if (room.Tail.TryRead(member.Cursor, room.Cursor.Accepted, member.Replay, out var page))
                return page;
        }

        await services.Reads.EnterAsync().ConfigureAwait(false);
        try
        {
            MessagePosition? after;
            lock (room.Gate)
            {
                if (member.State != MemberState.CatchingUp)
                    return null;
                after = OldestNeeded(member);
            }

            var page = RoomPage.Of(await services.ReadAsync(room.Name, after).ConfigureAwait(false));
            lock (room.Gate)
            {
                Keep(page, after);
                if (after == member.Cursor || room.Tail.TryRead(member.Cursor, room.Cursor.Accepted, member.Replay, out page))
                    return page;
            }

            // What the others need does not reach as far back.
            return RoomPage.Of(await services.ReadAsync(room.Name, member.Cursor).ConfigureAwait(false));
        }
        finally
        {
            services.Reads.Leave();
        }
    }

    /// <summary>
    /// The position of the member, of those that are catching up, that lacks most; null for none. Once a member has needed a part of the messages,
    /// and the next one more, all of them: there may be many, each with a little more.
    /// </summary>
    /// <param name="reader">Whose turn it is. If it has messages of another stream, only what it needs itself counts.</param>
    private MessagePosition? OldestNeeded(RoomMember reader)
    {
        if (reader.Cursor is not { } oldest || (room.Cursor.Accepted is { } accepted && !oldest.IsOfStream(accepted)))
            return reader.Cursor;
        if (room.Tail.HasPage)
            return null;
        foreach (var member in room.Members)
        {
            if (member.State != MemberState.CatchingUp)
                continue;
            if (member.Cursor is not { } cursor)
                return null;
            if (cursor.IsOfStream(oldest) && cursor.Sequence < oldest.Sequence)
                oldest = cursor;
        }

        return oldest;
    }

    /// <summary>Keeps a page that was read for the members that come next.</summary>
    private void Keep(RoomPage page, MessagePosition? after)
    {
        if (page.History.Restarted || room.Members.Count == 0)
            return;
        room.Cursor.StartAt(page.Top);
        room.Tail.Prepend(page, room.Cursor.Accepted.GetValueOrDefault(), isWhole: after is null || page.History.Missed > 0);
    }
}
