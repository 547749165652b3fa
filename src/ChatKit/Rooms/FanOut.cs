using System.Diagnostics;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using ChatKit.ChatKitV1;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// Delivers the items that a room has accepted: joins the frames of a batch, and offers them to each live member. A member costs no task,
/// no allocation and no wait. In a large room, several processors share the members, but they never deliver two pieces at the same time, so
/// that each member receives everything in order.
/// </summary>
internal sealed class FanOut(RoomState room, CatchUp catchUp, RoomServices services) : IDelivery
{
    /// <summary>Frames are joined up to about this many bytes: large enough for one write, small enough to fit any queue.</summary>
    private const int JoinLimit = 32 * 1024;

    /// <summary>The number of members from which a batch is worth it.</summary>
    private const int BatchedFrom = 2;

    /// <summary>Null as long as no user has read the room.</summary>
    private ReadNotices? _reads;

    public async ValueTask DeliverAsync(List<RoomItem> batch, long number)
    {
        try
        {
            var began = services.Metrics.Begin();
            var spans = services.Tracing.HasListeners ? Trace(batch) : null;
            var deliveries = 0;
            try
            {
                for (var done = 0; done < batch.Count;)
                {
                    // Read again for each piece: a member that refused one must not receive the next before it has caught up.
                    var live = room.LiveMembers();
                    var count = CountToJoin(CollectionsMarshal.AsSpan(batch)[done..], live.Longest);
                    var (delivered, failure) = await OfferAsync(batch, done, count, number + done, live).ConfigureAwait(false);
                    deliveries += delivered;
                    done += count;
                    if (failure is not null)
                        Fail(failure, spans);
                }
            }
            catch (Exception e)
            {
                Fail(e, spans);
            }

            services.Metrics.FannedOut(began, deliveries);
            spans?.ForEach(static span => span.Dispose());
        }
        catch (Exception e)
        {
            // For example, a listener to metrics or traces has thrown. Unhandled, the exception would end the process.
            services.Logger.FanOutFailed(room.Name, e);
        }
    }

    /// <summary>Delivers signals to the live members that are not slow, except for their senders.</summary>
    public async ValueTask DeliverSignalsAsync(IReadOnlyDictionary<SignalKey, RoomItem> signals)
    {
        try
        {
            var live = room.LiveMembers();
            var threads = ThreadsFor(live);
            var (_, failure) = threads == 1 ? OfferSignals(signals, live.All) : await ShareAsync(signals, live, threads).ConfigureAwait(false);
            if (failure is not null)
                services.Logger.FanOutFailed(room.Name, failure);
        }
        catch (Exception e)
        {
            services.Logger.FanOutFailed(room.Name, e);
        }
    }

    private List<Activity> Trace(List<RoomItem> batch)
    {
        var spans = new List<Activity>();
        foreach (var item in batch)
        {
            if (item.Message is { } message && services.Tracing.Deliver(room.Name, message, batch.Count) is { } span)
                spans.Add(span);
        }

        return spans;
    }

    private void Fail(Exception exception, List<Activity>? spans)
    {
        services.Logger.FanOutFailed(room.Name, exception);
        spans?.ForEach(span => ChatKitTracing.Fail(span, exception));
    }

    /// <summary>The number of items, from the first, whose frames are joined.</summary>
    private int CountToJoin(ReadOnlySpan<RoomItem> items, WireFormat longest)
    {
        var count = 1;
        var bytes = items[0].Frame(room.Name, longest).Length;
        while (count < items.Length && bytes + items[count].Frame(room.Name, longest).Length <= JoinLimit)
            bytes += items[count++].Frame(room.Name, longest).Length;
        return count;
    }

    /// <summary>The number of threads that are worth their cost.</summary>
    private int ThreadsFor(LiveMembers live) => live.All.Length < services.SharedFrom
        ? 1
        : Math.Max(2, Math.Min(Environment.ProcessorCount, live.All.Length / (Math.Max(1, services.SharedFrom / 2))));

    /// <summary>Offers items to the live members, and then carries out the commands among them.</summary>
    private ValueTask<FanOutResult> OfferAsync(List<RoomItem> batch, int start, int count, long number, LiveMembers live)
    {
        var piece = new FanOutPiece(room.Name, batch, start, count, number);
        var threads = ThreadsFor(live);
        if (threads > 1)
            return ShareAsync(piece, live, threads);
        var result = Offer(ref piece, live.All);
        End(in piece);
        return new ValueTask<FanOutResult>(result);
    }

    private async ValueTask<FanOutResult> ShareAsync(FanOutPiece piece, LiveMembers live, int threads)
    {
        piece.JoinFor(live);
        var result = await new MemberSlices(live.All, threads, slice => Offer(ref piece, slice)).RunAsync().ConfigureAwait(false);
        End(in piece);
        return result;
    }

    private async ValueTask<FanOutResult> ShareAsync(IReadOnlyDictionary<SignalKey, RoomItem> signals, LiveMembers live, int threads) =>
        await new MemberSlices(live.All, threads, slice => OfferSignals(signals, slice)).RunAsync().ConfigureAwait(false);

    /// <summary>Offers a piece to some members. The exception of one does not affect the others.</summary>
    private FanOutResult Offer(ref FanOutPiece piece, ReadOnlySpan<LiveMember> members)
    {
        var deliveries = 0;
        Exception? failure = null;
        using var batch = BatchFor(members.Length);
        for (var next = 0; next < members.Length;)
        {
            try
            {
                while (next < members.Length)
                    deliveries += OfferTo(in members[next++], ref piece);
            }
            catch (Exception e)
            {
                failure ??= e;
            }
        }

        return new FanOutResult(deliveries, failure);
    }

    private IDisposable? BatchFor(int members) => members >= BatchedFrom ? services.Batching?.Begin() : null;

    /// <summary>Offers a piece to a member. Returns the number of messages that it accepts.</summary>
    private int OfferTo(in LiveMember one, ref FanOutPiece piece)
    {
        var due = piece.FramesFor(in one, out var count);
        if (due.Length == 0)
            return 0;
        var result = one.Outbound.TryEnqueue(due);
        if (result == EnqueueResult.Full)
            FallBehind(one.Member, piece.Items, piece.Number);
        return result == EnqueueResult.Accepted ? count : 0;
    }

    private FanOutResult OfferSignals(IReadOnlyDictionary<SignalKey, RoomItem> signals, ReadOnlySpan<LiveMember> members)
    {
        using var batch = BatchFor(members.Length);
        try
        {
            foreach (var (key, item) in signals)
            {
                foreach (ref readonly var one in members)
                {
                    if ((one.Format & WireFormat.V1) != 0 && !one.Member.Client.Has(key.ConnectionId))
                        one.Outbound.TryEnqueueSignal(key, item.Frame(room.Name, one.Format));
                }
            }

            return default;
        }
        catch (Exception e)
        {
            return new FanOutResult(0, e);
        }
    }

    private void End(in FanOutPiece piece)
    {
        if (piece.Reads is { } reads)
            (_reads ??= new ReadNotices(room)).Deliver(reads);
        piece.Commands?.ForEach(Execute);
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
}
