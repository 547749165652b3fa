using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// Catching up: a member that joins, or has fallen behind, is given what it lacks from history until nothing is left between what
/// it has and what is live. Then it goes live under the lock, so that there is neither a hole nor a double.
/// </summary>
internal sealed partial class Room
{
    /// <summary>What a message that is kept costs besides its payload, roughly.</summary>
    private const int MessageOverhead = 128;

    /// <summary>After this many reads that brought nothing a member waits for the next check instead of reading on and on.</summary>
    private const int FruitlessReads = 3;

    private readonly RoomTail _tail = new();

    /// <summary>Whether somebody has joined or caught up since the last check: as long as that is so the tail is kept.</summary>
    private bool _tailUsed;

    /// <summary>
    /// Members are given what is stored one after the other: the first are live at once, and a crowd that joins takes no more of the
    /// processors than one of them does, which leaves the rest to everybody else.
    /// </summary>
    private readonly SemaphoreSlim _turns = new(1);

    /// <summary>How often the history could not be read by somebody whose turn it was.</summary>
    private int _failures;

    public async Task CatchUpAsync(RoomMember member)
    {
        using var turn = new CatchUpTurn(_turns);
        try
        {
            MessagePosition? read = null;
            for (var fruitless = 0; fruitless < FruitlessReads; fruitless++)
            {
                var known = (member.Cursor, read);
                var failures = Volatile.Read(ref _failures);
                if (!await turn.WaitForSpaceAsync(member.Client.Outbound, member.NeedsSpace).ConfigureAwait(false))
                    return;
                await turn.TakeAsync().ConfigureAwait(false);

                // What it needs was asked for in vain while it waited for its turn. It is not the next one to find out.
                if (failures != Volatile.Read(ref _failures))
                    break;
                read = await GiveStoredAsync(member).ConfigureAwait(false);
                if (read is null || TryGoLive(member))
                    return;
                if (known != (member.Cursor, read))
                    fruitless = -1;
                else
                    await FillAsync().ConfigureAwait(false);
            }

            Stall(member);
        }
        catch (Exception e)
        {
            Interlocked.Increment(ref _failures);
            var level = RoomLog.LevelOf(e);
            services.Logger.CatchUpFailed(level, Name, member.Client.Id, e);
            Stall(member);
        }
    }

    /// <summary>
    /// Gives the member what the history has for it, as far as its queue takes that: it holds no page while it waits for a slow reader.
    /// Returns up to where it has read; null if the member is not to go on.
    /// </summary>
    private async ValueTask<MessagePosition?> GiveStoredAsync(RoomMember member)
    {
        member.NeedsSpace = 0;
        if (!IsCatchingUp(member) || await PageForAsync(member).ConfigureAwait(false) is not { } page)
            return null;
        if (member.Cursor is not { } cursor)
            return Begin(member, page) ? null : page.Top;

        lock (_gate)
            _accepted ??= page.Top;
        if (MessageGap.Before(page, cursor) is { } gap)
        {
            switch (Tell(member, gap))
            {
                case EnqueueResult.Full:
                    return page.Top;
                case EnqueueResult.Closed:
                    return null;
            }
        }

        member.Cursor = StartOf(page);
        foreach (var message in page.Messages)
        {
            var frame = FrameFor(member.Client, message);
            if (frame.Length > 0)
            {
                if (!IsCatchingUp(member))
                    return null;
                var result = member.Client.Outbound.TryEnqueue(frame);
                if (result == EnqueueResult.Closed)
                    return null;
                if (result == EnqueueResult.Full)
                {
                    member.NeedsSpace = frame.Length;
                    return page.Top;
                }
            }

            if (new RoomItem(message).IsFor(member.Client))
                services.Metrics.Delivered(1);
            member.Cursor = message.Position;
        }

        return page.Top;
    }

    /// <summary>
    /// What follows the position that a member has: from what is at hand, or read together with what the others need who wait for their
    /// turn. Null if the member needs it no more.
    /// </summary>
    private async ValueTask<HistoryPage?> PageForAsync(RoomMember member)
    {
        lock (_gate)
        {
            _tailUsed = true;
            if (_tail.TryRead(member.Cursor, _accepted, member.Replay, out var page))
                return page;
        }

        await services.Reads.EnterAsync().ConfigureAwait(false);
        try
        {
            MessagePosition? after;
            lock (_gate)
            {
                if (member.State != MemberState.CatchingUp)
                    return null;
                after = OldestNeeded(member);
            }

            var page = await services.ReadAsync(Name, after).ConfigureAwait(false);
            lock (_gate)
            {
                if (!page.Restarted)
                    Keep(page, isWhole: after is null || page.Missed > 0);
                if (after == member.Cursor || _tail.TryRead(member.Cursor, _accepted, member.Replay, out page))
                    return page;
            }

            // What the others need does not reach as far back.
            return await services.ReadAsync(Name, member.Cursor).ConfigureAwait(false);
        }
        finally
        {
            services.Reads.Leave();
        }
    }

    /// <summary>
    /// Up to where the one of those who are catching up has the room's messages that lacks most; null for nothing. Once somebody has needed a
    /// part of them, and the next one more, everything: there may be many, each with a little more. To be called under the lock.
    /// </summary>
    /// <param name="reader">Whose turn it is. If it has messages of another stream, only what it needs itself counts.</param>
    private MessagePosition? OldestNeeded(RoomMember reader)
    {
        if (reader.Cursor is not { } oldest || (_accepted is { } accepted && !oldest.IsOfStream(accepted)))
            return reader.Cursor;
        if (_tail.HasPage)
            return null;
        foreach (var member in _members)
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

    /// <summary>Keeps a page that was read for those who come next. To be called under the lock.</summary>
    private void Keep(HistoryPage page, bool isWhole)
    {
        if (_members.Count == 0)
            return;
        _accepted ??= page.Top;
        _tail.Prepend(page, StartOf(page), _accepted.Value, isWhole);
    }

    /// <summary>
    /// What a client is sent of an item. Of a message that is not for it this is only the position, so that the next one does not look as if
    /// something were missing; or nothing, if the client does not count positions.
    /// </summary>
    private byte[] FrameFor(IRoomClient client, RoomItem item)
    {
        if (item.IsFor(client))
            return item.Frame(Name, client.Format);
        return (client.Format & WireFormat.V1) != 0 && item.Position is { } position ? V1Frames.Skip(Name, position) : [];
    }

    /// <summary>Tells a member what it will not get. Closed if it is not to go on.</summary>
    private EnqueueResult Tell(RoomMember member, MessageGap gap)
    {
        if (member.SpeaksV1)
        {
            var frame = V1Frames.Gap(Name, gap);
            var result = member.Client.Outbound.TryEnqueue(frame);
            if (result == EnqueueResult.Full)
                member.NeedsSpace = frame.Length;
            if (result != EnqueueResult.Accepted)
                return result;
        }

        member.Recovered = false;
        services.Metrics.Missed(GapScope.Member, gap.Missed);
        if (member.SpeaksV1)
            services.Logger.MemberMissed(Name, member.Client.Id, gap.Missed);
        if (member.SpeaksV1 || gap.Missed is not { } missed)
            return EnqueueResult.Accepted;

        // The plain format has no way to say what is missing. Closing is the honest answer: a new connection begins with
        // the newest messages.
        services.Metrics.ClosedAsTooSlow();
        services.Logger.SlowMemberClosed(Name, member.Client.Id);
        member.Client.Disconnect(WebSocketCloseStatus.PolicyViolation, $"too slow: {missed} messages are no longer stored");
        return EnqueueResult.Closed;
    }

    /// <summary>The position before the first message of a page.</summary>
    private static MessagePosition StartOf(HistoryPage page) => page.Top with { Sequence = page.Top.Sequence - page.Messages.Count };

    /// <summary>
    /// Gives a new member what is stored, and lets it go live in the same instant. Gives it nothing if so much has come since
    /// the page was read that it would have a hole: it reads again, and has not seen anything yet. True if it is not to go on: from then
    /// on whoever finds it slow sees to it.
    /// </summary>
    private bool Begin(RoomMember member, HistoryPage page)
    {
        lock (_gate)
        {
            if (member.State != MemberState.CatchingUp)
                return true;
            if (!_tail.Reaches(page.Top, _accepted))
                return false;

            // Known from now on, also if the member's queue does not take all of the page: what is missing then is not live.
            _accepted ??= page.Top;
            var stored = page.Messages.Skip(Math.Max(0, page.Messages.Count - member.Replay)).ToList();
            var start = page.Top with { Sequence = page.Top.Sequence - stored.Count };
            member.Cursor = Give(member.Client, stored, start);
            return TryGoLive(member);
        }
    }

    /// <summary>Whether the member still wants what it has missed: it may have left, and even be back as another one.</summary>
    private bool IsCatchingUp(RoomMember member)
    {
        lock (_gate)
            return member.State == MemberState.CatchingUp;
    }

    /// <summary>Lets a member go live if nothing is missing between what it has and what was accepted. True also if it has left.</summary>
    private bool TryGoLive(RoomMember member)
    {
        lock (_gate)
        {
            if (member.State != MemberState.CatchingUp)
                return true;

            if (member.Cursor is not { } cursor)
                return false;

            if (_accepted is not { } accepted || !cursor.IsOfStream(accepted))
                return false;

            cursor = Give(member.Client, _tail.Messages, cursor);
            member.Cursor = cursor;
            if (cursor.Sequence < accepted.Sequence || !TryTellLive(member, cursor))
                return false;

            member.DeliveredThrough = cursor;
            SetState(member, MemberState.Live);
            return true;
        }
    }

    /// <summary>
    /// Tells a member, if it is told such things at all, that it is live, once, and who is there, if it does not know. False if its queue
    /// is too full. To be called under the lock.
    /// </summary>
    private bool TryTellLive(RoomMember member, MessagePosition position)
    {
        byte[] frames = member.AwaitsLive ? V1Frames.Live(Name, position, member.Recovered) : [];
        if (_here is not null && (member.AwaitsLive || member.LacksPresence))
            frames = [.. frames, .. HereFrame()];
        member.NeedsSpace = frames.Length;
        if (frames.Length > 0 && member.Client.Outbound.TryEnqueue(frames) == EnqueueResult.Full)
            return false;
        if (member is { AwaitsLive: true, Resumes: true })
            services.Metrics.Resumed(member.Recovered);
        member.AwaitsLive = member.LacksPresence = false;
        member.NeedsSpace = 0;
        return true;
    }

    /// <summary>Enqueues those of some messages that follow a position, as far as the client takes them. Returns how far that was.</summary>
    private MessagePosition Give(IRoomClient client, IEnumerable<ChatMessage> messages, MessagePosition cursor)
    {
        var given = 0;
        foreach (var message in messages)
        {
            var position = message.Position.GetValueOrDefault();
            if (!position.Follows(cursor))
                continue;
            var item = new RoomItem(message);
            var frame = FrameFor(client, item);
            if (frame.Length > 0 && client.Outbound.TryEnqueue(frame) != EnqueueResult.Accepted)
                break;
            if (item.IsFor(client))
                given++;

            cursor = position;
        }

        if (given > 0)
            services.Metrics.Delivered(given);
        return cursor;
    }

    /// <summary>Tells a member that is given nothing stored that it is live.</summary>
    public async ValueTask BeginLiveAsync(RoomMember member)
    {
        while (!TryTell() && await member.Client.Outbound.WaitForSpaceAsync(member.NeedsSpace).ConfigureAwait(false))
        {
        }

        bool TryTell()
        {
            lock (_gate)
                return TryTellLive(member, _accepted ?? MessagePosition.None);
        }
    }

    private void Stall(RoomMember member)
    {
        lock (_gate)
        {
            if (member.State == MemberState.CatchingUp)
                SetState(member, MemberState.Stalled);
        }
    }

    /// <summary>What an item takes in memory, about.</summary>
    internal static int SizeOf(RoomItem item) => MessageOverhead + item.PayloadSize;

    /// <summary>To be called under the lock.</summary>
    private void Remember(ChatMessage message, MessagePosition? before)
    {
        if (_waiting > 0 || _tail.HasPage)
            _tail.Add(message, before, _members.Max(static member => member.Replay));
    }

    /// <summary>Gives the tail back once nobody has needed it from one check to the next. To be called under the lock.</summary>
    private void ForgetUnusedTail()
    {
        if (_waiting == 0 && !_tailUsed)
            _tail.Clear();
        _tailUsed = false;
    }
}
