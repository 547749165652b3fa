using System.Diagnostics;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ChatKit.ChatKitV1;
using ChatKit.Diagnostics;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>
/// Fanning out: one work item takes whatever has been accepted by the time it runs, joins the frames, and offers them to each
/// member. A burst costs a member one enqueue, and no member costs a task, an allocation or a wait.
/// </summary>
internal sealed partial class Room : IThreadPoolWorkItem
{
    /// <summary>Frames are joined up to about this many bytes: large enough for one write, small enough to fit any queue.</summary>
    private const int JoinLimit = 32 * 1024;

    /// <summary>
    /// How often a turn lets other work go first, as long as that brings more messages. Each one that is taken along costs a member
    /// a few bytes; in a turn of its own it would cost each member a write.
    /// </summary>
    private const int MaxYields = 4;

    /// <summary>
    /// When more bytes than this wait to be fanned out, whoever publishes on this node waits until the next turn has taken them. A turn
    /// waits for nobody, so that is soon.
    /// </summary>
    private const int PendingLimit = 1024 * 1024;

    /// <summary>
    /// When more bytes than this wait, those of other nodes are not taken any more but read from history later: they cannot be made to
    /// wait. What is not stored is lost then.
    /// </summary>
    private const long OverloadLimit = 64 * 1024 * 1024;

    private List<RoomItem> _pending = [];
    private List<RoomItem> _batch = [];
    private long _pendingBytes;
    private bool _overloaded;
    private TaskCompletionSource? _waitingForTurn;
    private LiveMember[]? _live;
    private WireFormat _longest;
    private bool _fanningOut;
    private int _yields;
    private int _pendingAtYield;

    /// <summary>How many messages have been taken for fanning out.</summary>
    private long _taken;

    /// <summary>To be called under the lock.</summary>
    private void FanOut(RoomItem item)
    {
        _pending.Add(item);
        _pendingBytes += SizeOf(item);
        if (_fanningOut)
            return;

        _fanningOut = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (Yields())
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }

        long first;
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            (_pending, _batch) = (_batch, _pending);
            first = _taken;
            _taken += _batch.Count;
            _pendingBytes = 0;
            _overloaded = false;
            (waiting, _waitingForTurn) = (_waitingForTurn, null);
        }

        waiting?.SetResult();
        try
        {
            DeliverMeasured(CollectionsMarshal.AsSpan(_batch), first);
        }
        catch (Exception e)
        {
            // A listener to metrics or traces, for one. What is thrown here would end the process.
            services.Logger.FanOutFailed(Name, e);
        }

        _batch.Clear();
        lock (_gate)
        {
            if (_pending.Count == 0)
            {
                _fanningOut = false;
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Waits until no more is to be fanned out than one turn takes. Ended already, nearly always.</summary>
    public Task WaitForTurnAsync()
    {
        if (Volatile.Read(ref _pendingBytes) <= PendingLimit)
            return Task.CompletedTask;
        lock (_gate)
        {
            return _pendingBytes <= PendingLimit
                ? Task.CompletedTask
                : (_waitingForTurn ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Whether a message cannot be taken now. To be called under the lock.</summary>
    private bool IsTooMuch => _pendingBytes > OverloadLimit;

    private bool Yields()
    {
        lock (_gate)
        {
            if (_yields == MaxYields || _pendingBytes > PendingLimit || _pending.Count == _pendingAtYield)
            {
                _yields = _pendingAtYield = 0;
                return false;
            }

            _yields++;
            _pendingAtYield = _pending.Count;
            return true;
        }
    }

    private void DeliverMeasured(ReadOnlySpan<RoomItem> batch, long number)
    {
        var began = services.Metrics.Begin();
        var spans = services.Tracing.HasListeners ? Trace(batch) : null;
        var deliveries = 0;
        try
        {
            deliveries = Deliver(batch, number);
        }
        catch (Exception e)
        {
            services.Logger.FanOutFailed(Name, e);
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
            if (item.Message is { } message && services.Tracing.Deliver(Name, message, batch.Length) is { } span)
                spans.Add(span);
        }

        return spans;
    }

    /// <param name="batch">What is to be delivered.</param>
    /// <param name="number">How many messages the room had taken before.</param>
    /// <returns>How many were enqueued, counted once for each member.</returns>
    private int Deliver(ReadOnlySpan<RoomItem> batch, long number)
    {
        var deliveries = 0;
        while (!batch.IsEmpty)
        {
            // Asked anew for each piece: whoever refused one must not be given the next before it has caught up.
            var live = LiveMembers(out var longest);
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

    /// <summary>After what was said before, and to all: also to those who have not caught up.</summary>
    private void Disconnect(DisconnectEvent notice)
    {
        RoomMember[] members;
        lock (_gate)
            members = [.. _members];
        foreach (var member in members)
            member.Client.Disconnect(notice.Status, notice.Reason);
    }

    private int SizeOf(RoomItem item, WireFormat format) => item.Frame(Name, format).Length;

    /// <param name="longest">The format, of those that the members have, whose frames are the longest.</param>
    private LiveMember[] LiveMembers(out WireFormat longest)
    {
        lock (_gate)
        {
            if (_live is null)
            {
                _live = [.. _members.Where(static m => m.State == MemberState.Live).Select(static m => new LiveMember(m))];
                _longest = _live.Aggregate(WireFormat.Plain, static (longest, one) => longest | (one.Format & WireFormat.V1));
            }

            longest = _longest;
            return _live;
        }
    }

    /// <returns>How many messages were enqueued, counted once for each member.</returns>
    private int DeliverJoined(ReadOnlySpan<RoomItem> messages, long number, LiveMember[] live)
    {
        var joined = default(JoinedFrames);
        var deliveries = 0;
        long? first = null;
        HashSet<string?>? leftOut = null;
        DisconnectEvent? disconnect = null;
        foreach (var message in messages)
        {
            first ??= message.Position?.Sequence ?? (message.Notice as MessageGap)?.After.Sequence + 1;
            if (message.Message is { Audience: Audience.Others } forOthers)
                (leftOut ??= []).Add(forOthers.ConnectionId);
            disconnect ??= message.Notice as DisconnectEvent;
        }

        foreach (ref readonly var one in live.AsSpan())
        {
            var count = messages.Length;
            var filter = one.LiveFrom > number || one.DeliveredThrough >= first || (leftOut is not null && one.IsAnyOf(leftOut));
            var due = filter
                ? Join(messages, number, one.Member, one.Format, out count)
                : JoinOnce(ref joined[(int)one.Format], messages, number, one.Format);
            if (due.IsEmpty)
                continue;

            var result = one.Outbound.TryEnqueue(due);
            if (result == EnqueueResult.Full)
                FallBehind(one.Member, messages, number);
            else if (result == EnqueueResult.Accepted)
                deliveries += count;
        }

        if (disconnect is not null)
            Disconnect(disconnect);
        return deliveries;
    }

    /// <summary>The frames of all messages: joined for the first who needs them, shared by the others.</summary>
    private ReadOnlyMemory<byte> JoinOnce(
        ref ReadOnlyMemory<byte> joined, ReadOnlySpan<RoomItem> messages, long number, WireFormat format)
    {
        if (joined.IsEmpty)
            joined = Join(messages, number, null, format, out _);
        return joined;
    }

    /// <summary>The frames that a member is to be sent for these messages, or of all for null.</summary>
    /// <returns>The frames, and in <paramref name="count"/> how many of them have a message for the member.</returns>
    private ReadOnlyMemory<byte> Join(
        ReadOnlySpan<RoomItem> messages, long number, RoomMember? member, WireFormat format, out int count)
    {
        count = 0;
        var length = 0;
        var last = default(ReadOnlyMemory<byte>);
        for (var i = 0; i < messages.Length; i++)
        {
            if (member?.IsSentFor(messages[i], number + i) == false)
                continue;
            last = FrameOf(messages[i], member, format);
            length += last.Length;
            if (member is null || messages[i].IsFor(member.Client))
                count++;
        }

        if (length == last.Length)
            return last;

        var joined = GC.AllocateUninitializedArray<byte>(length);
        var rest = joined.AsSpan();
        for (var i = 0; i < messages.Length; i++)
        {
            if (member?.IsSentFor(messages[i], number + i) == false)
                continue;
            var frame = FrameOf(messages[i], member, format).AsSpan();
            frame.CopyTo(rest);
            rest = rest[frame.Length..];
        }

        return joined;
    }

    /// <summary>The frame of a message for a member, or for all for null. Who has read into a gap is told of the rest of it.</summary>
    private byte[] FrameOf(RoomItem item, RoomMember? member, WireFormat format)
    {
        if ((format & WireFormat.V1) != 0
            && item.Notice is MessageGap gap
            && member is not null
            && gap.Behind(member.DeliveredThrough) is { } rest
            && rest != gap)
            return rest.Frame(Name);
        return member is null ? item.Frame(Name, format) : FrameFor(member.Client, item);
    }

    /// <summary>A member's queue is full. What is in it stays; what follows it gets from history, or not at all.</summary>
    private void FallBehind(RoomMember member, ReadOnlySpan<RoomItem> refused, long number)
    {
        services.Metrics.FellBehind();
        if (member.Replay == 0)
        {
            services.Metrics.DroppedAndClosed(CountDropped(member, refused, number));
            services.Logger.SlowMemberClosed(Name, member.Client.Id);
            member.Client.Disconnect(WebSocketCloseStatus.PolicyViolation, "too slow: the outbound queue is full");
            return;
        }

        MissPresence(member, refused);
        var dropped = CountDropped(member, refused, number);
        if (dropped > 0)
            services.Metrics.Dropped(dropped);

        // An ephemeral message is for those who can take it at this moment; nothing that is kept was missed.
        if (LastBeforeMissed(member, refused, number) is not { } last)
        {
            services.Logger.EphemeralDropped(Name, member.Client.Id, refused.Length);
            return;
        }

        lock (_gate)
        {
            if (member.State != MemberState.Live)
                return;
            member.Cursor = last;
            member.LacksPresence = member.SpeaksV1;
            SetState(member, MemberState.CatchingUp);
        }

        services.Logger.MemberBehind(Name, member.Client.Id);
        _ = CatchUpAsync(member);
    }

    /// <summary>How many of the refused messages the member will not get from history either.</summary>
    private static int CountDropped(RoomMember member, ReadOnlySpan<RoomItem> refused, long number)
    {
        var count = 0;
        for (var i = 0; i < refused.Length; i++)
        {
            if (refused[i].Notice is null && (refused[i].Position is null || member.Replay == 0) && member.IsDue(refused[i], number + i))
                count++;
        }

        return count;
    }

    /// <summary>
    /// The position before the first of the refused messages that is stored, and that the member has not got before; null if there is none.
    /// A gap that was not told is found again by whoever reads on from before it.
    /// </summary>
    private static MessagePosition? LastBeforeMissed(RoomMember member, ReadOnlySpan<RoomItem> refused, long number)
    {
        for (var i = 0; i < refused.Length; i++)
        {
            if (!member.HasNotReceived(refused[i], number + i))
                continue;
            if (refused[i].Position is { } position)
                return position with { Sequence = position.Sequence - 1 };
            if (refused[i].Notice is MessageGap gap && member.SpeaksV1)
                return gap.Behind(member.DeliveredThrough)?.After;
        }

        return null;
    }

    /// <summary>One piece of joined frames for each wire format.</summary>
    [InlineArray(WireFormats.Count)]
    private struct JoinedFrames
    {
        private ReadOnlyMemory<byte> _first;
    }
}
