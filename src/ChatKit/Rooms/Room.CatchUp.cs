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
            for (var fruitless = 0; fruitless < FruitlessReads; fruitless++)
            {
                var known = member.Cursor;
                if (!await GiveStoredAsync(member).ConfigureAwait(false) || TryGoLive(member))
                    return;
                if (member.Cursor != known)
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

    /// <summary>Gives the member what the history has for it. False if the member is not to go on.</summary>
    private async ValueTask<bool> GiveStoredAsync(RoomMember member)
    {
        if (!await member.Client.WaitForSpaceAsync(0).ConfigureAwait(false) || !IsCatchingUp(member))
            return false;

        var joins = member.Cursor is null;
        var page = await services.History.ReadAsync(Name, member.Cursor).ConfigureAwait(false);
        if (!joins && page.Missed > 0)
        {
            // The plain format has no way to say what is missing. Closing is the honest answer: a new connection begins with
            // the newest messages.
            services.Logger.SlowMemberClosed(Name, member.Client.Id);
            member.Client.CloseSlow($"too slow: {page.Missed} messages are no longer stored");
            return false;
        }

        var skip = joins ? Math.Max(0, page.Messages.Count - member.Replay) : 0;
        for (var i = skip; i < page.Messages.Count; i++)
        {
            var message = page.Messages[i];
            if (message.IsFor(member.Client.Id) && !await EnqueueAsync(member, Outgoing.FrameOf(message)).ConfigureAwait(false))
                return false;
            member.Cursor = message.Position;
        }

        member.Cursor = page.Top;
        return true;
    }

    private async ValueTask<bool> EnqueueAsync(RoomMember member, ReadOnlyMemory<byte> frame)
    {
        while (IsCatchingUp(member))
        {
            var result = member.Client.TryEnqueue(frame);
            if (result == EnqueueResult.Accepted)
                services.Metrics.Delivered(1);
            if (result != EnqueueResult.Full)
                return result == EnqueueResult.Accepted;
            if (!await member.Client.WaitForSpaceAsync(frame.Length).ConfigureAwait(false))
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

            var cursor = member.Cursor.GetValueOrDefault();
            var accepted = _accepted ??= cursor;
            if (!cursor.IsOfStream(accepted))
                return false;

            cursor = GiveRecent(member.Client, cursor);
            member.Cursor = cursor;
            if (cursor.Sequence < accepted.Sequence)
                return false;

            member.ReadThrough = cursor;
            SetState(member, MemberState.Live);
            return true;
        }
    }

    /// <summary>Enqueues what was accepted while the member read the history. Returns the position it is at now.</summary>
    private MessagePosition GiveRecent(IRoomClient client, MessagePosition cursor)
    {
        foreach (var message in _recent)
        {
            var position = message.Position.GetValueOrDefault();
            if (!position.Follows(cursor))
                continue;
            if (message.IsFor(client.Id) && client.TryEnqueue(Outgoing.FrameOf(message)) != EnqueueResult.Accepted)
                break;
            cursor = position;
        }

        return cursor;
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

        static int SizeOf(ChatMessage message) => MessageOverhead + message.Data.Length;
    }

    /// <summary>To be called under the lock.</summary>
    private void ForgetRecent()
    {
        _recent.Clear();
        _recentBytes = 0;
    }
}
