using System.Diagnostics;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using ChatKit.ChatKitV1;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// Delivers the items that a room has accepted: joins the frames of a batch, and offers them to each live member. A member costs no task,
/// no allocation and no wait.
/// </summary>
internal sealed class FanOut(RoomState room, CatchUp catchUp, RoomServices services)
{
    /// <summary>Frames are joined up to about this many bytes: large enough for one write, small enough to fit any queue.</summary>
    private const int JoinLimit = 32 * 1024;

    /// <summary>Null as long as no user has read the room.</summary>
    private ReadNotices? _reads;

    /// <summary>Delivers a batch to all members that are live.</summary>
    /// <param name="batch">The items to deliver.</param>
    /// <param name="number">The number of items that the room had taken before.</param>
    public void Deliver(ReadOnlySpan<RoomItem> batch, long number)
    {
        try
        {
            DeliverMeasured(batch, number);
        }
        catch (Exception e)
        {
            // For example, a listener to metrics or traces has thrown. Unhandled, the exception would end the process.
            services.Logger.FanOutFailed(room.Name, e);
        }
    }

    /// <summary>Delivers signals to the live members that are not slow, except for their senders.</summary>
    public void DeliverSignals(IReadOnlyDictionary<SignalKey, RoomItem> signals)
    {
        try
        {
            var live = room.LiveMembers(out _);
            foreach (var (key, item) in signals)
            {
                foreach (ref readonly var one in live.AsSpan())
                {
                    if ((one.Format & WireFormat.V1) != 0 && !one.Member.Client.Has(key.ConnectionId))
                        one.Outbound.TryEnqueueSignal(key, item.Frame(room.Name, one.Format));
                }
            }
        }
        catch (Exception e)
        {
            services.Logger.FanOutFailed(room.Name, e);
        }
    }

    private void DeliverMeasured(ReadOnlySpan<RoomItem> batch, long number)
    {
        var began = services.Metrics.Begin();
        var spans = services.Tracing.HasListeners ? Trace(batch) : null;
        var deliveries = 0;
        try
        {
            deliveries = DeliverInPieces(batch, number);
        }
        catch (Exception e)
        {
            services.Logger.FanOutFailed(room.Name, e);
            spans?.ForEach(span => ChatKitTracing.Fail(span, e));
        }

        services.Metrics.FannedOut(began, deliveries);
        spans?.ForEach(static span => span.Dispose());
    }

    private List<Activity> Trace(ReadOnlySpan<RoomItem> batch)
    {
        var spans = new List<Activity>();
        foreach (var item in batch)
        {
            if (item.Message is { } message && services.Tracing.Deliver(room.Name, message, batch.Length) is { } span)
                spans.Add(span);
        }

        return spans;
    }

    /// <summary>Returns how many messages were enqueued, counted once for each member.</summary>
    private int DeliverInPieces(ReadOnlySpan<RoomItem> batch, long number)
    {
        var deliveries = 0;
        while (!batch.IsEmpty)
        {
            // Read again for each piece: a member that refused one must not receive the next before it has caught up.
            var live = room.LiveMembers(out var longest);
            var count = 1;
            var bytes = SizeOf(batch[0], longest);
            while (count < batch.Length && bytes + SizeOf(batch[count], longest) <= JoinLimit)
                bytes += SizeOf(batch[count++], longest);

            deliveries += DeliverJoined(batch[..count], number, live);
            batch = batch[count..];
            number += count;
        }

        return deliveries;
    }

    private int SizeOf(RoomItem item, WireFormat format) => item.Frame(room.Name, format).Length;

    private int DeliverJoined(ReadOnlySpan<RoomItem> items, long number, LiveMember[] live)
    {
        var joined = default(JoinedFrames);
        var deliveries = 0;
        long? first = null;
        long? revision = null;
        HashSet<string?>? leftOut = null;
        List<ReadEvent>? reads = null;
        List<RoomEvent>? commands = null;
        foreach (var item in items)
        {
            first ??= item.Position?.Sequence ?? (item.Event as MessageGap)?.After.Sequence + 1;
            if (item.Message is { Audience: Audience.Others } forOthers)
                (leftOut ??= []).Add(forOthers.ConnectionId);
            switch (item.Event)
            {
                case null:
                    break;
                case ChangeEvent change:
                    revision ??= change.Revision;
                    break;
                case ReadEvent read:
                    (reads ??= []).Add(read);
                    break;
                case DisconnectEvent or UserCommand:
                    (commands ??= []).Add(item.Event);
                    break;
            }
        }

        foreach (ref readonly var one in live.AsSpan())
        {
            var count = items.Length - (reads?.Count ?? 0);
            var isFiltered = one.LiveFrom > number
                || one.DeliveredThrough >= first
                || (leftOut is not null && one.IsAnyOf(leftOut))
                || one.DeliveredRevision >= revision;
            var due = isFiltered
                ? Join(items, number, one.Member, one.Format, out count)
                : JoinOnce(ref joined[(int)one.Format], items, number, one.Format);
            if (due.IsEmpty)
                continue;

            var result = one.Outbound.TryEnqueue(due);
            if (result == EnqueueResult.Full)
                FallBehind(one.Member, items, number);
            else if (result == EnqueueResult.Accepted)
                deliveries += count;
        }

        if (reads is not null)
            (_reads ??= new ReadNotices(room)).Deliver(reads);
        commands?.ForEach(Execute);
        return deliveries;
    }

    /// <summary>The frames of all items: joined for the first member that needs them, shared by the others.</summary>
    private ReadOnlyMemory<byte> JoinOnce(ref ReadOnlyMemory<byte> joined, ReadOnlySpan<RoomItem> items, long number, WireFormat format)
    {
        if (joined.IsEmpty)
            joined = Join(items, number, null, format, out _);
        return joined;
    }

    /// <summary>
    /// The frames of these items for a member, or for all members if it is null, and the number of messages that the member receives.
    /// </summary>
    private ReadOnlyMemory<byte> Join(ReadOnlySpan<RoomItem> items, long number, RoomMember? member, WireFormat format, out int count)
    {
        count = 0;
        var length = 0;
        var last = default(ReadOnlyMemory<byte>);
        for (var i = 0; i < items.Length; i++)
        {
            if (member?.IsSentFor(items[i], number + i) == false)
                continue;
            last = FrameOf(items[i], member, format);
            length += last.Length;
            if (member is null || items[i].IsFor(member.Client))
                count++;
        }

        if (length == last.Length)
            return last;

        var joined = GC.AllocateUninitializedArray<byte>(length);
        var rest = joined.AsSpan();
        for (var i = 0; i < items.Length; i++)
        {
            if (member?.IsSentFor(items[i], number + i) == false)
                continue;
            var frame = FrameOf(items[i], member, format).AsSpan();
            frame.CopyTo(rest);
            rest = rest[frame.Length..];
        }

        return joined;
    }

    /// <summary>The frame of an item for a member. A member that has read into a gap is notified of the rest of it.</summary>
    private byte[] FrameOf(RoomItem item, RoomMember? member, WireFormat format)
    {
        if ((format & WireFormat.V1) != 0
            && item.Event is MessageGap gap
            && member is not null
            && gap.Behind(member.DeliveredThrough) is { } rest
            && rest != gap)
            return V1Frames.Gap(room.Name, rest);
        return member is null ? item.Frame(room.Name, format) : MemberSender.FrameFor(room.Name, member.Client, item);
    }

    /// <summary>
    /// Carries out a command for the connections of all members, including those that have not caught up, after the frames that were sent
    /// before.
    /// </summary>
    private void Execute(RoomEvent command)
    {
        RoomMember[] members;
        lock (room.Gate)
            members = [.. room.Members];
        if (command is UserCommand ofUser)
            UserCommands.Execute(ofUser, members, services);
        else if (command is DisconnectEvent disconnect)
        {
            foreach (var member in members)
                member.Client.Disconnect(disconnect.Status, disconnect.Reason);
        }
    }

    /// <summary>
    /// Handles a member whose queue is full. The frames in the queue stay. The member gets the following messages from history, or not at
    /// all.
    /// </summary>
    private void FallBehind(RoomMember member, ReadOnlySpan<RoomItem> refused, long number)
    {
        services.Metrics.FellBehind();
        if (member.Replay == 0)
        {
            services.Metrics.DroppedAndClosed(Refused.CountLost(member, refused, number));
            services.Logger.SlowMemberClosed(room.Name, member.Client.Id);
            member.Client.Disconnect(WebSocketCloseStatus.PolicyViolation, "too slow: the outbound queue is full");
            return;
        }

        var lost = Refused.CountLost(member, refused, number);
        if (lost > 0)
            services.Metrics.Dropped(lost);
        var last = Refused.LastBefore(member, refused, number);
        lock (room.Gate)
        {
            member.LacksPresence |= member.SpeaksV1 && Refused.HavePresence(refused);
            if (last is not null)
            {
                if (member.State != MemberState.Live)
                    return;

                // A member that is ahead of the room has more changes than the room had accepted.
                member.Cursor = last.Value.Message;
                member.Revision = Math.Max(last.Value.Revision.GetValueOrDefault(), member.DeliveredRevision);
                member.LacksPresence = member.SpeaksV1;
                room.SetState(member, MemberState.CatchingUp);
            }
        }

        if (last is null)
        {
            // An ephemeral message is for members that can accept it at this moment. No stored message was missed.
            services.Logger.EphemeralDropped(room.Name, member.Client.Id, refused.Length);
            return;
        }

        services.Logger.MemberBehind(room.Name, member.Client.Id);
        _ = catchUp.RunAsync(member);
    }

    /// <summary>One piece of joined frames for each wire format.</summary>
    [InlineArray(WireFormats.Count)]
    private struct JoinedFrames
    {
        private ReadOnlyMemory<byte> _first;
    }
}
