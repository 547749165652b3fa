using System.Net.WebSockets;
using ChatKit.Diagnostics;
using ChatKit.Wire;

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

    /// <summary>The page that is being read for all who need it; null if none is.</summary>
    private Task<SharedPage>? _reading;

    /// <summary>For those who cannot share a page, such as after the stream was lost. One at a time.</summary>
    private readonly SemaphoreSlim _readingAlone = new(1);

    public async Task CatchUpAsync(RoomMember member)
    {
        try
        {
            MessagePosition? read = null;
            for (var fruitless = 0; fruitless < FruitlessReads; fruitless++)
            {
                var known = (member.Cursor, read);
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
        if (!await member.Client.Outbound.WaitForSpaceAsync(member.NeedsSpace).ConfigureAwait(false) || !IsCatchingUp(member))
            return null;

        member.NeedsSpace = 0;
        if (await PageForAsync(member).ConfigureAwait(false) is not { } page)
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
    /// What follows the position that a member has: from what is at hand, or read once for all who need it at this time. Null if the member
    /// needs it no more.
    /// </summary>
    private async ValueTask<HistoryPage?> PageForAsync(RoomMember member)
    {
        // Others may have shared a page that does not reach as far back as this one needs.
        for (var tries = 0; tries < 2; tries++)
        {
            Task<SharedPage> reading;
            lock (_gate)
            {
                _tailUsed = true;
                if (_tail.TryRead(member.Cursor, _accepted, member.Replay, out var page))
                    return page;
                if (member.Cursor is { } cursor && _accepted is { } accepted && !cursor.IsOfStream(accepted))
                    break;
                reading = _reading ??= ReadSharedAsync();
            }

            var shared = await reading.ConfigureAwait(false);
            if (!IsCatchingUp(member))
                return null;
            if (shared.Page is { } read && shared.After == member.Cursor)
                return read;
        }

        return await ReadAloneAsync(member).ConfigureAwait(false);
    }

    /// <summary>Reads what all need who are catching up when its turn comes. No page if nobody does any more.</summary>
    private async Task<SharedPage> ReadSharedAsync()
    {
        await services.Reads.EnterAsync().ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var shared = default(SharedPage);
        try
        {
            bool isWanted;
            lock (_gate)
                isWanted = TryFindOldestNeeded(out shared);
            if (isWanted)
                shared = shared with { Page = await services.ReadAsync(Name, shared.After).ConfigureAwait(false) };
            return shared;
        }
        finally
        {
            services.Reads.Leave();
            lock (_gate)
            {
                _reading = null;
                if (shared.Page is { Restarted: false } page)
                    Keep(page, isWhole: shared.After is null || page.Missed > 0);
            }
        }
    }

    /// <summary>
    /// Up to where whoever lacks most has the room's messages. Once somebody has needed a part of them, and the next one more, everything:
    /// there may be many, each with a little more. False if nobody is catching up. To be called under the lock.
    /// </summary>
    private bool TryFindOldestNeeded(out SharedPage needed)
    {
        needed = default;
        var isFirst = true;
        foreach (var member in _members)
        {
            if (member.State != MemberState.CatchingUp)
                continue;
            if (member.Cursor is not { } cursor)
            {
                needed = default;
                return true;
            }

            if (_tail.HasPage)
                return true;
            if (isFirst || (needed.After is { } oldest && cursor.IsOfStream(oldest) && cursor.Sequence < oldest.Sequence))
                needed = new SharedPage(cursor, null);
            isFirst = false;
        }

        return !isFirst;
    }

    private async ValueTask<HistoryPage?> ReadAloneAsync(RoomMember member)
    {
        await _readingAlone.WaitAsync().ConfigureAwait(false);
        try
        {
            await services.Reads.EnterAsync().ConfigureAwait(false);
            try
            {
                return IsCatchingUp(member) ? await services.ReadAsync(Name, member.Cursor).ConfigureAwait(false) : null;
            }
            finally
            {
                services.Reads.Leave();
            }
        }
        finally
        {
            _readingAlone.Release();
        }
    }

    /// <summary>Keeps a page that was read for those who come next. To be called under the lock.</summary>
    private void Keep(HistoryPage page, bool isWhole)
    {
        if (_members.Count == 0)
            return;
        _accepted ??= page.Top;
        _tail.Prepend(page, StartOf(page), _accepted.Value, isWhole);
    }

    /// <summary>A page that was read after a position, for all whom it serves; none if nobody needed it any more.</summary>
    private readonly record struct SharedPage(MessagePosition? After, HistoryPage? Page);

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
        if (member.IsTold)
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
        if (member.IsTold)
            services.Logger.MemberMissed(Name, member.Client.Id, gap.Missed);
        if (member.IsTold || gap.Missed is not { } missed)
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

            member.ReadThrough = cursor;
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
