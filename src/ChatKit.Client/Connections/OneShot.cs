namespace ChatKit.Client.Connections;

/// <summary>Runs one action later, under a lock. Use it under the same lock.</summary>
internal sealed class OneShot(TimeProvider time, Lock gate)
{
    private ITimer? _timer;
    private Action? _action;
    private TimeSpan _delay;
    private long _start;

    public bool IsSet => _action is not null;

    /// <summary>Runs an action after a delay, in place of the previous one.</summary>
    public void Set(TimeSpan delay, Action action)
    {
        (_action, _delay, _start) = (action, delay > TimeSpan.Zero ? delay : TimeSpan.Zero, time.GetTimestamp());
        if (_timer is not null)
        {
            _timer.Change(_delay, Timeout.InfiniteTimeSpan);
            return;
        }

        // A timer would keep the context of whoever happens to set it.
        using var suppressed = ExecutionContext.IsFlowSuppressed() ? (AsyncFlowControl?)null : ExecutionContext.SuppressFlow();
        _timer = time.CreateTimer(static self => ((OneShot)self!).Fire(), this, _delay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Forgets the action, and the timer.</summary>
    public void Cancel()
    {
        _action = null;
        _timer?.Dispose();
        _timer = null;
    }

    private void Fire()
    {
        lock (gate)
        {
            if (_action is not { } action)
                return;
            var rest = _delay - time.GetElapsedTime(_start);
            if (rest > TimeSpan.FromMilliseconds(1))
            {
                // It was set again while the timer fired.
                _timer?.Change(rest, Timeout.InfiniteTimeSpan);
                return;
            }

            _action = null;
            action();
        }
    }
}
