namespace ChatKit.Rooms;

/// <summary>
/// The items that a room has accepted and not delivered yet. One work item takes everything that has arrived by the time it runs, so that a
/// burst costs each member one enqueue.
/// </summary>
/// <param name="gate">The room's lock.</param>
/// <param name="delivery">Delivers the batches.</param>
internal sealed class FanOutQueue(Lock gate, IDelivery delivery) : IThreadPoolWorkItem
{
    /// <summary>
    /// How often a turn yields to other work while that brings more messages. Each additional message costs a member a few bytes; in a turn
    /// of its own it would cost each member a write.
    /// </summary>
    private const int MaxYields = 4;

    /// <summary>
    /// When more bytes than this wait, publishers on this node wait until the next turn has taken them. A turn never waits, so that is
    /// soon.
    /// </summary>
    private const int PendingLimit = 1024 * 1024;

    /// <summary>
    /// When more bytes than this wait, messages of other nodes are not queued but read from history later, because this node cannot make
    /// other nodes wait. Ephemeral messages are lost then.
    /// </summary>
    private const long OverloadLimit = 64 * 1024 * 1024;

    private List<RoomItem> _pending = [];
    private List<RoomItem> _batch = [];

    /// <summary>The signals that have arrived since the last turn, the latest of each sender and name; null if there are none.</summary>
    private Dictionary<SignalKey, RoomItem>? _signals;
    private long _pendingBytes;
    private Signal _turn;
    private Signal _delivery;
    private bool _isDelivering;
    private bool _isScheduled;
    private int _yields;
    private int _pendingAtYield;

    /// <summary>The number of items that were taken for delivery.</summary>
    private long _taken;

    /// <summary>The number of the next item.</summary>
    public long NextNumber
    {
        get
        {
            gate.AssertHeld();
            return _taken + _pending.Count;
        }
    }

    /// <summary>Whether the queue cannot take a message now.</summary>
    public bool IsOverloaded => Volatile.Read(ref _pendingBytes) > OverloadLimit;

    /// <summary>Whether the overload was logged. Each turn resets it.</summary>
    public bool HasReportedOverload { get; set; }

    public void Add(RoomItem item)
    {
        gate.AssertHeld();
        _pending.Add(item);
        _pendingBytes += item.Size;
        Schedule();
    }

    /// <summary>Adds a signal. It replaces one that waits.</summary>
    public void AddSignal(SignalKey key, RoomItem item)
    {
        gate.AssertHeld();
        (_signals ??= [])[key] = item;
        Schedule();
    }

    /// <summary>Waits until one turn can take all waiting items. Nearly always completes synchronously.</summary>
    public Task WaitForTurnAsync()
    {
        if (Volatile.Read(ref _pendingBytes) <= PendingLimit)
            return Task.CompletedTask;
        lock (gate)
            return _pendingBytes <= PendingLimit ? Task.CompletedTask : _turn.Next;
    }

    /// <summary>Waits until the delivery that is in progress has ended. A member that has left receives nothing after that.</summary>
    public Task WaitForDeliveryAsync()
    {
        lock (gate)
            return _isDelivering ? _delivery.Next : Task.CompletedTask;
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (Yields())
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }

        long first;
        Dictionary<SignalKey, RoomItem>? signals;
        lock (gate)
        {
            (signals, _signals) = (_signals, null);
            (_pending, _batch) = (_batch, _pending);
            first = _taken;
            _taken += _batch.Count;
            _pendingBytes = 0;
            _isDelivering = true;
            HasReportedOverload = false;
            _turn.Set();
        }

        _ = DeliverAsync(signals, first);
    }

    /// <summary>Delivers what the turn has taken. If that ends on another thread, the turn ends there: no thread waits.</summary>
    private async Task DeliverAsync(Dictionary<SignalKey, RoomItem>? signals, long first)
    {
        try
        {
            if (signals is not null)
                await delivery.DeliverSignalsAsync(signals).ConfigureAwait(false);
            if (_batch.Count > 0)
                await delivery.DeliverAsync(_batch, first).ConfigureAwait(false);
        }
        finally
        {
            EndTurn();
        }
    }

    private void EndTurn()
    {
        _batch.Clear();
        bool isScheduled;
        lock (gate)
        {
            _isDelivering = false;
            _delivery.Set();
            isScheduled = _isScheduled = _pending.Count > 0 || _signals is not null;
        }

        if (isScheduled)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Schedule()
    {
        if (_isScheduled)
            return;

        _isScheduled = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private bool Yields()
    {
        lock (gate)
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
}
