using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;
using ChatKit.Rooms.Reads;

namespace ChatKit.Rooms;

/// <summary>
/// Sends a member that joins, or has fallen behind, the messages that it lacks, from history, until it has everything before the live
/// messages. Then the member goes live under the lock, so that there are no gaps and no duplicates.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Its wait handle is never used.")]
internal sealed class CatchUp(RoomState room, RoomStream stream, Roster roster, RoomServices services)
{
    /// <summary>After this many reads without new messages, a member waits for the next check instead of reading again.</summary>
    private const int FruitlessReads = 3;

    private readonly PageSource _pages = new(room, services);
    private readonly MemberSender _sender = new(room, services);

    /// <summary>
    /// Members receive stored messages one after the other. The first are live at once, and many members that join together use no more of
    /// the processors than one member does.
    /// </summary>
    private readonly SemaphoreSlim _turns = new(1);

    /// <summary>How often a member could not read the history in its turn.</summary>
    private int _failures;

    /// <summary>Brings a member up to date. A member whose history cannot be read waits for the next check.</summary>
    /// <param name="member">The member.</param>
    /// <param name="cancellationToken">Cancels catching up. The caller then removes the member. The others go on.</param>
    public async Task RunAsync(RoomMember member, CancellationToken cancellationToken = default)
    {
        using var turn = new CatchUpTurn(_turns);
        try
        {
            await LoadReadsAsync(member, cancellationToken).ConfigureAwait(false);
            StreamPosition? read = null;
            for (var fruitless = 0; fruitless < FruitlessReads; fruitless++)
            {
                var known = (member.Position, read);
                var failures = Volatile.Read(ref _failures);
                if (!await turn.WaitForSpaceAsync(member.Client.Outbound, member.NeedsSpace, cancellationToken).ConfigureAwait(false))
                    return;
                await turn.TakeAsync(cancellationToken).ConfigureAwait(false);

                // A read has failed while the member waited for its turn. It waits for the next check, like the member before it.
                if (failures != Volatile.Read(ref _failures))
                    break;
                read = await SendStoredAsync(member, cancellationToken).ConfigureAwait(false);
                if (read is null || TryGoLive(member))
                    return;
                if (known != (member.Position, read))
                    fruitless = -1;
                else
                    await stream.FillAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            Stall(member);
        }
        catch (Exception e)
        {
            // The history has not failed, so the members that wait for their turn read it.
            cancellationToken.ThrowIfCancellationRequested();
            Interlocked.Increment(ref _failures);
            var level = LogLevels.Of(e);
            services.Logger.CatchUpFailed(level, room.Name, member.Client.Id, e);
            Stall(member);
        }
    }

    /// <summary>Notifies a member that receives nothing stored that it is live.</summary>
    public async ValueTask RunWithoutHistoryAsync(RoomMember member, CancellationToken cancellationToken)
    {
        await LoadReadsAsync(member, cancellationToken).ConfigureAwait(false);
        while (!TryNotify() && await member.Client.Outbound.WaitForSpaceAsync(member.NeedsSpace, cancellationToken).ConfigureAwait(false))
        {
        }

        bool TryNotify()
        {
            lock (room.Gate)
                return member.State != MemberState.Live || TryNotifyLive(member, room.Cursor.Accepted ?? MessagePosition.None);
        }
    }

    /// <summary>
    /// Notifies a member that speaks <see cref="ChatKitSubprotocol.V1"/> that it is live, once, and sends it the list of who is here, if it
    /// lacks that. Returns false if its queue is too full.
    /// </summary>
    public bool TryNotifyLive(RoomMember member, MessagePosition position)
    {
        room.Gate.AssertHeld();
        byte[] frames = member.AwaitsLive ? LiveFrame(member, position) : [];
        if (member.AwaitsLive || member.LacksPresence)
            frames = [.. frames, .. roster.Frame()];
        member.NeedsSpace = frames.Length;
        if (frames.Length > 0 && member.Client.Outbound.TryEnqueue(frames) == EnqueueResult.Full)
            return false;
        if (member is { AwaitsLive: true, Resumes: true })
            services.Metrics.Resumed(member.Recovered);
        member.AwaitsLive = member.LacksPresence = false;
        member.NeedsSpace = 0;
        return true;
    }

    private byte[] LiveFrame(RoomMember member, MessagePosition position)
    {
        var reads = ReadsAt(member, position);
        return V1Frames.Live(room.Name, position, member.Recovered, RevisionOf(member), reads?.Read, reads?.UnreadAt(position));
    }

    /// <summary>What the member's user has read. Unknown if the store has begun another stream, which this room has yet to notice.</summary>
    private static ReadState? ReadsAt(RoomMember member, MessagePosition position) =>
        member.Reads is { } reads && (reads.Top.Epoch == position.Epoch || position.Sequence == 0) ? reads : null;

    /// <summary>The last revision that the member has. The history can have changes that the room has yet to accept.</summary>
    private long RevisionOf(RoomMember member) => member.Replay == 0 ? room.Cursor.Revision ?? 0 : member.Revision;

    /// <summary>Reads what the member's user has read of the room, if that is kept. If it cannot be read, the member goes live without it.</summary>
    private async ValueTask LoadReadsAsync(RoomMember member, CancellationToken cancellationToken)
    {
        if (!member.AwaitsLive || member.Client.ReadsAs is not { } user)
            return;
        try
        {
            member.Reads = (await services.Cursors.GetAsync(user, [room.Name], cancellationToken).ConfigureAwait(false))[0];
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var level = LogLevels.Of(e);
            services.Logger.ReadFailed(level, room.Name, e);
        }
    }

    /// <summary>
    /// Sends a member the stored messages that it lacks, as far as its queue accepts them: no page is held in memory while a slow reader
    /// catches up. Returns the position up to which it has sent; null if the member does not go on.
    /// </summary>
    private async ValueTask<StreamPosition?> SendStoredAsync(RoomMember member, CancellationToken cancellationToken)
    {
        member.NeedsSpace = 0;
        if (!_sender.IsCatchingUp(member) || await _pages.ReadAsync(member, cancellationToken).ConfigureAwait(false) is not { } page)
            return null;
        var top = new StreamPosition(page.Top, page.Revision);
        if (member.ReadAtRewind is null)
        {
            // The room must notice the loss first. Until then, its latest messages would follow the reset, and the client has them already.
            await stream.FillAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            return top;
        }

        if (member.Cursor is not { } cursor)
            return Begin(member, page) ? null : top;

        lock (room.Gate)
            room.Cursor.StartAt(page.Top, page.Revision);
        if (MessageGap.Before(page.History, cursor) is { } gap)
        {
            switch (Notify(member, gap))
            {
                case EnqueueResult.Full:
                    return top;
                case EnqueueResult.Closed:
                    return null;
            }
        }

        member.Cursor = page.Start;
        return _sender.SendPage(member, page) ? top : null;
    }

    /// <summary>
    /// Notifies a member of messages that it will not receive. Returns <see cref="EnqueueResult.Closed"/> if the member does not go on.
    /// </summary>
    private EnqueueResult Notify(RoomMember member, MessageGap gap)
    {
        if (member.SpeaksV1)
        {
            var frame = V1Frames.Gap(room.Name, gap);
            var result = _sender.TryEnqueue(member, frame);
            if (result == EnqueueResult.Full)
                member.NeedsSpace = frame.Length;
            if (result != EnqueueResult.Accepted)
                return result;
        }

        member.Recovered = false;
        services.Metrics.Missed(GapScope.Member, gap.Missed);
        if (member.SpeaksV1)
            services.Logger.MemberMissed(room.Name, member.Client.Id, gap.Missed);
        if (member.SpeaksV1 || gap.Missed is not { } missed)
            return EnqueueResult.Accepted;

        // The plain format cannot express that messages are missing. A new connection begins with the newest messages.
        services.Metrics.ClosedAsTooSlow();
        services.Logger.SlowMemberClosed(room.Name, member.Client.Id);
        member.Client.Disconnect(WebSocketCloseStatus.PolicyViolation, $"too slow: {missed} messages are no longer stored");
        return EnqueueResult.Closed;
    }

    /// <summary>
    /// Sends a new member the stored messages, and lets it go live at the same instant. Sends nothing if so much has arrived since the page
    /// was read that there would be a gap: the member reads again. Returns true if the member is done.
    /// </summary>
    private bool Begin(RoomMember member, RoomPage page)
    {
        lock (room.Gate)
        {
            if (member.State != MemberState.CatchingUp)
                return true;
            if (!room.Tail.Reaches(page.Top, room.Cursor.Accepted))
                return false;

            // The position is known from now on, even if the member's queue does not accept the whole page. The messages that are missing
            // then are not live.
            room.Cursor.StartAt(page.Top, page.Revision);
            member.Revision = page.Revision;
            var stored = page.Items.Skip(Math.Max(0, page.Items.Count - member.Replay)).ToList();
            using var hold = new OutboundHold(member.Client.Outbound);
            member.Cursor = _sender.Send(member.Client, stored, page.Top with { Sequence = page.Top.Sequence - stored.Count });
            return TryGoLive(member);
        }
    }

    /// <summary>Lets a member go live if it has all messages and changes that were accepted. Also returns true if it has left.</summary>
    private bool TryGoLive(RoomMember member)
    {
        lock (room.Gate)
        {
            if (member.State != MemberState.CatchingUp)
                return true;

            if (member.Cursor is not { } cursor || room.Cursor.Accepted is not { } accepted || !cursor.IsOfStream(accepted)
                || member.ReadAtRewind != room.Rewinds)
                return false;

            var revision = room.Cursor.Revision;
            if (room.Tail.ChangesFor(member.Position.GetValueOrDefault(), revision) is not { } changes
                || _sender.SendChanges(member, changes) != EnqueueResult.Accepted)
                return false;
            member.Revision = Math.Max(member.Revision, revision ?? 0);
            cursor = _sender.Send(member.Client, room.Tail.Messages, cursor);
            member.Cursor = cursor;
            if (cursor.Sequence < accepted.Sequence || !TryNotifyLive(member, cursor))
                return false;

            (member.DeliveredThrough, member.DeliveredRevision) = (cursor, member.Revision);
            room.SetState(member, MemberState.Live);
            if (room.Cursor.IsBehind)
                _ = stream.FillAsync(); // What arrived before the room knew its position.
            return true;
        }
    }

    private void Stall(RoomMember member)
    {
        lock (room.Gate)
        {
            if (member.State == MemberState.CatchingUp)
                room.SetState(member, MemberState.Stalled);
        }
    }
}
