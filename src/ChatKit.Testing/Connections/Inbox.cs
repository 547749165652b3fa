namespace ChatKit.Testing.Connections;

/// <summary>The frames that a client has received, on all of its connections, and that its test hasn't taken yet.</summary>
internal sealed class Inbox
{
    private readonly Lock _gate = new();
    private readonly List<ChatFrame> _received = [];
    private readonly Queue<ChatFrame> _untaken = [];
    private CloseInfo? _close;
    private TaskCompletionSource _changed = New();

    /// <summary>All frames, in order.</summary>
    public IReadOnlyList<ChatFrame> Received
    {
        get
        {
            lock (_gate)
                return [.. _received];
        }
    }

    /// <summary>How the connection has ended; null if it is open.</summary>
    public CloseInfo? Closed
    {
        get
        {
            lock (_gate)
                return _close;
        }
    }

    /// <param name="frame">The frame.</param>
    /// <param name="isTaken">Whether the frame answers a request, so that nobody else waits for it.</param>
    public void Add(ChatFrame frame, bool isTaken) => Change(() =>
    {
        _received.Add(frame);
        if (!isTaken)
            _untaken.Enqueue(frame);
    });

    public void Close(CloseInfo close) => Change(() => _close = close);

    public void Reopen() => Change(() => _close = null);

    /// <summary>Waits until a condition is true. The condition is called under a lock.</summary>
    public async Task WaitAsync(Func<Inbox, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (condition(this))
                    return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the next frame; returns null if the connection ends before one arrives.</summary>
    public async Task<ChatFrame?> TakeAsync(CancellationToken cancellationToken)
    {
        ChatFrame? taken = null;
        await WaitAsync(inbox => inbox._untaken.TryDequeue(out taken) || inbox._close is not null, cancellationToken).ConfigureAwait(false);
        return taken;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            _changed.SetResult();
            _changed = New();
        }
    }
}
