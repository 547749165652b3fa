using ChatKit.Client.Connections;
using ChatKit.Client.Protocol;

namespace ChatKit.Client.Rooms;

/// <summary>
/// Moves the position of a room: drops what the client has, also from another connection, and reports what is missing. Under the session's lock.
/// </summary>
internal sealed class Progress(Session session)
{
    /// <summary>Takes the position of a message. Returns false if the client has passed it, or if the application has left the room.</summary>
    public bool TryAdvance(Link link, RoomState state, MessagePosition position)
    {
        var place = link.RoomOf(state.Name);
        if (IsStale(link, place, state, position))
            return false;
        place.Last = position;
        var isReset = !link.IsShared && place.Gaps?.Exists(static gap => gap.IsReset) == true;
        if (!isReset && state.Position is { } at && at.IsOfSameEpoch(position) && position.Sequence <= at.Sequence)
        {
            place.Gaps = null;
            return false;
        }

        Reach(link, place, state, position, step: 1);
        return session.Rooms.Find(state.Name) == state;
    }

    /// <summary>Takes the position of <c>live</c>, and the gaps that no message has followed.</summary>
    public void GoLive(Link link, RoomState state, MessagePosition position)
    {
        var place = link.RoomOf(state.Name);
        if (IsStale(link, place, state, position))
            return;
        place.Last = position;

        // Another connection can be ahead. Nothing precedes the position of an empty room, although it is of no epoch.
        if (link.IsShared && state.Position is not null && (position == MessagePosition.None || !position.IsAfter(state.Position)))
            place.Gaps = null;
        else
            Reach(link, place, state, position, step: 0);
    }

    /// <summary>Takes a gap. It is reported together with the next message.</summary>
    public void TakeGap(Link link, RoomState state, ServerFrame gap)
    {
        var place = link.RoomOf(state.Name);
        var after = MessagePosition.Parse(gap.After!);
        if (gap.Next is not null)
        {
            // A gap that has grown replaces the one that starts at the same position. Otherwise, it follows that one.
            place.Gaps ??= [];
            place.Gaps.RemoveAll(earlier => earlier.After == after);
            place.Gaps.Add(new GapFrame(after, MessagePosition.Parse(gap.Next), gap.Missed, gap.Reset));
            return;
        }

        if (link.IsShared && (state.Position == MessagePosition.None || IsBehind(place, state)))
            return;
        place.Gaps = null;
        if (gap.Reset)
        {
            state.Reset();
            place.Last = MessagePosition.None;
            session.Rooms.Reach(state, MessagePosition.None);
        }

        session.Emit(new GapDetected { Room = state.Name, After = after, Missed = gap.Missed, IsReset = gap.Reset });
    }

    /// <summary>Whether another connection has followed the room into an epoch that this one hasn't reached.</summary>
    private static bool IsBehind(LinkRoom place, RoomState state) =>
        place.Last is { } last && state.Position is { } at && !at.IsOfSameEpoch(last);

    private static bool IsStale(Link link, LinkRoom place, RoomState state, MessagePosition position) =>
        link.IsShared && IsBehind(place, state) && place.Last!.Value.IsOfSameEpoch(position);

    private void Reach(Link link, LinkRoom place, RoomState state, MessagePosition position, int step)
    {
        var gaps = place.Gaps;
        place.Gaps = null;
        var cursor = state.Position;
        foreach (var gap in gaps ?? [])
            cursor = Report(link, state, gap, cursor);
        if (cursor is { } last && last.IsOfSameEpoch(position))
        {
            var missed = position.Sequence - last.Sequence - step;
            if (missed > 0)
                session.Emit(new GapDetected { Room = state.Name, After = last, Next = step > 0 ? position : null, Missed = missed });
        }
        else if (cursor is { } other && position.Sequence == other.Sequence + step)
        {
            state.Fork(position);
        }

        session.Rooms.Reach(state, position);
    }

    /// <summary>Reports a gap, or what is left of it. Returns the position before the next message.</summary>
    private MessagePosition? Report(Link link, RoomState state, GapFrame gap, MessagePosition? cursor)
    {
        var end = gap.Next.Back(1);
        var isKnown = cursor is { } at && at.IsOfSameEpoch(gap.Next);
        if (gap.IsReset)
        {
            // Perhaps the client has it from another connection.
            if (isKnown && link.IsShared)
                return cursor;
            state.Reset();
            session.Emit(new GapDetected { Room = state.Name, After = cursor ?? gap.After, Next = gap.Next, IsReset = true });
            return end;
        }

        var missed = isKnown ? end.Sequence - cursor!.Value.Sequence : gap.Missed;
        if (missed <= 0)
            return cursor;
        if (!isKnown)
            state.Fork(gap.Next);
        session.Emit(new GapDetected { Room = state.Name, After = cursor ?? gap.After, Next = gap.Next, Missed = missed });
        return end;
    }
}
