namespace ChatKit.Rooms;

/// <summary>
/// Provides the messages that members need from history. Takes them from the room's latest messages if those reach back far enough.
/// Otherwise one read covers the other members that wait for their turn too.
/// </summary>
internal sealed class PageSource(RoomState room, RoomServices services)
{
    /// <summary>Reads the messages after the member's position. Returns null if the member no longer needs them.</summary>
    public async ValueTask<RoomPage?> ReadAsync(RoomMember member, CancellationToken cancellationToken)
    {
        lock (room.Gate)
        {
            room.Tail.IsUsed = true;
            if (room.Tail.TryRead(member.Cursor, room.Cursor.Accepted, member.Replay, out var page))
                return page;
        }

        await services.Reads.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            MessagePosition? after;
            lock (room.Gate)
            {
                if (member.State != MemberState.CatchingUp)
                    return null;
                after = OldestNeeded(member);
            }

            var page = RoomPage.Of(await services.ReadAsync(room.Name, after, cancellationToken).ConfigureAwait(false));
            lock (room.Gate)
            {
                Keep(page, after);
                if (after == member.Cursor || room.Tail.TryRead(member.Cursor, room.Cursor.Accepted, member.Replay, out page))
                    return page;
            }

            // The messages that the others need do not reach back as far.
            return RoomPage.Of(await services.ReadAsync(room.Name, member.Cursor, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            services.Reads.Leave();
        }
    }

    /// <summary>
    /// Returns the position of the member that lacks most, among those that are catching up; null to read all messages. If one member has
    /// needed a part of the messages, and the next one needs more, all are read: there may be many members, each of which needs a little
    /// more.
    /// </summary>
    /// <param name="reader">The member whose turn it is. If it has messages of another stream, only its own position counts.</param>
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

    /// <summary>Keeps a page for the members that come next.</summary>
    private void Keep(RoomPage page, MessagePosition? after)
    {
        if (page.History.Restarted || room.Members.Count == 0)
            return;
        room.Cursor.StartAt(page.Top);
        room.Tail.Prepend(page, room.Cursor.Accepted.GetValueOrDefault(), isWhole: after is null || page.History.Missed > 0);
    }
}
