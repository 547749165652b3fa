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
    /// <summary>
    /// How many bytes of accepted messages are kept at hand while anybody catches up: far more than come while one page is read,
    /// even if the reader loses its processor meanwhile, so that a member catches up however fast others send.
    /// </summary>
    private const int RecentLimit = 1024 * 1024;

    /// <summary>However large they are, this many are kept: about as many as a history has.</summary>
    private const int RecentAtLeast = 128;

    /// <summary>What a message that is kept costs besides its payload, roughly.</summary>
    private const int MessageOverhead = 128;

    /// <summary>After this many reads that brought nothing a member waits for the next check instead of reading on and on.</summary>
    private const int FruitlessReads = 3;

    private readonly Queue<ChatMessage> _recent = new();
    private int _recentBytes;

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

    /// <summary>Gives the member what the history has for it. Returns up to where it has read; null if the member is not to go on.</summary>
    private async ValueTask<MessagePosition?> GiveStoredAsync(RoomMember member)
    {
        if (!await member.Client.Outbound.WaitForSpaceAsync(member.NeedsSpace).ConfigureAwait(false) || !IsCatchingUp(member))
            return null;

        var page = await services.ReadAsync(Name, member.Cursor).ConfigureAwait(false);
        if (member.Cursor is not { } cursor)
            return Begin(member, page) ? null : page.Top;

        if (MessageGap.Before(page, cursor) is { } gap && !await TellAsync(member, gap).ConfigureAwait(false))
            return null;

        lock (_gate)
            _accepted ??= page.Top;
        member.Cursor = StartOf(page);
        foreach (var message in page.Messages)
        {
            var frame = FrameFor(member.Client, message);
            if (frame.Length > 0 && !await EnqueueAsync(member, frame).ConfigureAwait(false))
                return null;
            if (new RoomItem(message).IsFor(member.Client))
                services.Metrics.Delivered(1);

            member.Cursor = message.Position;
        }

        return page.Top;
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

    /// <summary>Tells a member what it will not get. False if it is not to go on.</summary>
    private async ValueTask<bool> TellAsync(RoomMember member, MessageGap gap)
    {
        member.Recovered = false;
        services.Metrics.Missed(GapScope.Member, gap.Missed);
        if (member.IsTold)
        {
            services.Logger.MemberMissed(Name, member.Client.Id, gap.Missed);
            return await EnqueueAsync(member, V1Frames.Gap(Name, gap)).ConfigureAwait(false);
        }

        if (gap.Missed is not { } missed)
            return true;

        // The plain format has no way to say what is missing. Closing is the honest answer: a new connection begins with
        // the newest messages.
        services.Metrics.ClosedAsTooSlow();
        services.Logger.SlowMemberClosed(Name, member.Client.Id);
        member.Client.Disconnect(WebSocketCloseStatus.PolicyViolation, $"too slow: {missed} messages are no longer stored");
        return false;
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
            if (!ReachesRecent(page.Top))
                return false;

            // Known from now on, also if the member's queue does not take all of the page: what is missing then is not live.
            _accepted ??= page.Top;
            var stored = page.Messages.Skip(Math.Max(0, page.Messages.Count - member.Replay)).ToList();
            var start = page.Top with { Sequence = page.Top.Sequence - stored.Count };
            member.Cursor = Give(member.Client, stored, start);
            return TryGoLive(member);
        }
    }

    /// <summary>Whether nothing was accepted after a position that is not at hand any more. To be called under the lock.</summary>
    private bool ReachesRecent(MessagePosition top) =>
        _accepted is not { } accepted
        || !top.IsOfStream(accepted)
        || top.Sequence >= accepted.Sequence
        || _recent.Any(message => message.Position.GetValueOrDefault().Follows(top));

    private async ValueTask<bool> EnqueueAsync(RoomMember member, ReadOnlyMemory<byte> frame)
    {
        while (IsCatchingUp(member))
        {
            var result = member.Client.Outbound.TryEnqueue(frame);
            if (result != EnqueueResult.Full)
                return result == EnqueueResult.Accepted;
            if (!await member.Client.Outbound.WaitForSpaceAsync(frame.Length).ConfigureAwait(false))
                return false;
        }

        return false;
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

            cursor = Give(member.Client, _recent, cursor);
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

    /// <summary>To be called under the lock.</summary>
    private void Remember(ChatMessage message)
    {
        if (_waiting == 0)
            return;

        _recent.Enqueue(message);
        _recentBytes += SizeOf(message);
        while (_recentBytes > RecentLimit && _recent.Count > RecentAtLeast)
            _recentBytes -= SizeOf(_recent.Dequeue());
    }

    private static int SizeOf(RoomItem item) => MessageOverhead + item.PayloadSize;

    /// <summary>To be called under the lock.</summary>
    private void ForgetRecent()
    {
        _recent.Clear();
        _recentBytes = 0;
    }
}
