namespace ChatKit.Rooms;

/// <summary>
/// Provides the messages that members need from history. Takes them from the room's latest messages if those reach back far enough.
/// Otherwise one read covers the other members that wait for their turn too.
/// </summary>
internal sealed class PageSource(RoomState room, RoomServices services)
{
    /// <summary>
    /// Reads the messages and changes that the member lacks. Returns null if the member no longer needs them. Sets
    /// <see cref="RoomMember.ReadAtRewind"/>.
    /// </summary>
    public async ValueTask<RoomPage?> ReadAsync(RoomMember member, CancellationToken cancellationToken)
    {
        lock (room.Gate)
        {
            room.Tail.IsUsed = true;
            member.ReadAtRewind = room.Rewinds;
            if (TryReadTail(member) is { } kept)
                return kept;
        }

        await services.Reads.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            StreamPosition? after;
            int? limit;
            StreamPosition? accepted;
            lock (room.Gate)
            {
                if (member.State != MemberState.CatchingUp)
                    return null;
                after = OldestNeeded(member);
                limit = after is null ? LargestLimit(member) : null;
                accepted = room.Cursor.Accepted is { } known ? new StreamPosition(known, room.Cursor.Revision) : null;
            }

            var page = await ReadAsync(member, accepted, after, limit, cancellationToken).ConfigureAwait(false);
            lock (room.Gate)
            {
                Keep(page, after, limit);
                if (after == member.Position || member.ReadAtRewind is null)
                    return page;
                if (TryReadTail(member) is { } kept)
                    return kept;
            }

            // What the others need does not reach back as far.
            return await ReadAsync(member, accepted, member.Position, LimitOf(member), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            services.Reads.Leave();
        }
    }

    /// <summary>Reads a page, and resets <see cref="RoomMember.ReadAtRewind"/> if the page ends before what the room had accepted.</summary>
    private async ValueTask<RoomPage> ReadAsync(
        RoomMember member, StreamPosition? accepted, StreamPosition? after, int? limit, CancellationToken cancellationToken)
    {
        var page = RoomPage.Of(await services.ReadAsync(room.Name, after, limit, cancellationToken).ConfigureAwait(false));
        if (accepted is { } known && (!known.Message.IsAtOrBefore(page.Top) || known.Revision > page.Revision))
            member.ReadAtRewind = null;
        return page;
    }

    private RoomPage? TryReadTail(RoomMember member) =>
        room.Tail.TryRead(member.Position, room.Cursor.Accepted, room.Cursor.Revision, member.Replay, member.Capacity);

    /// <summary>
    /// Returns the position of the member that lacks most, among those that are catching up; null to read all messages. If one member has
    /// needed a part of the messages, and the next one needs more, all are read: there may be many members, each of which needs a little
    /// more.
    /// </summary>
    /// <param name="reader">
    /// The member whose turn it is. If it has messages of another stream, or of no stream, only its own position counts.
    /// </param>
    private StreamPosition? OldestNeeded(RoomMember reader)
    {
        if (reader.Position is not { } oldest
            || oldest.Message == MessagePosition.None
            || (room.Cursor.Accepted is { } accepted && !oldest.Message.IsOfStream(accepted)))
            return reader.Position;
        if (room.Tail.HasPage && reader.Replay >= reader.Capacity)
            return null;
        foreach (var member in room.Members)
        {
            if (member.State != MemberState.CatchingUp)
                continue;
            if (member.Position is not { Message: var message } position)
            {
                if (LimitOf(member) is not null)
                    continue;
                return null;
            }

            if (!message.IsOfStream(oldest.Message))
                continue;
            if (message.Sequence < oldest.Message.Sequence)
                oldest = oldest with { Message = message };
            if (position.Revision is { } revision && !(revision >= oldest.Revision))
                oldest = oldest with { Revision = revision };
        }

        return oldest;
    }

    /// <summary>The number of messages that members without a position need, if all of them are limited; null to read all messages.</summary>
    private int? LargestLimit(RoomMember reader)
    {
        var largest = LimitOf(reader);
        foreach (var member in room.Members)
        {
            if (member is { State: MemberState.CatchingUp, Cursor: null })
                largest = LimitOf(member) is { } limit && largest is not null ? Math.Max(limit, largest.Value) : null;
        }

        return largest;
    }

    private static int? LimitOf(RoomMember member) => member.Cursor is null && member.Replay < member.Capacity ? member.Replay : null;

    /// <summary>Keeps a page for the members that come next.</summary>
    private void Keep(RoomPage page, StreamPosition? after, int? limit)
    {
        if (page.History.Restarted || room.Members.Count == 0)
            return;
        room.Cursor.StartAt(page.Top, page.Revision);
        var hasAll = after is null && (limit is null || page.Items.Count < limit);
        room.Tail.Prepend(
            page,
            room.Cursor.Accepted.GetValueOrDefault(),
            room.Cursor.Revision ?? page.Revision,
            isWhole: hasAll || page.History.Missed > 0,
            changesFrom: hasAll ? 0 : after?.Revision ?? page.Revision);
    }
}
