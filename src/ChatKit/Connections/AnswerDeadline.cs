namespace ChatKit.Connections;

/// <summary>The time by which a client must have answered a ping. Whatever arrives counts as an answer.</summary>
/// <param name="now">The timestamp from which the client's silence counts.</param>
/// <param name="isAlwaysPinged">
/// Whether the client is pinged at each interval, however much it sends, because it takes a silent server for dead.
/// </param>
internal struct AnswerDeadline(long now, bool isAlwaysPinged)
{
    private long _lastData = now;
    private long _lastPing = now;

    /// <summary>The first ping that is not answered yet; 0 if there is none.</summary>
    private long _pingedAt;
    private bool _isPaused;

    /// <summary>When something has arrived last.</summary>
    public long LastData => Volatile.Read(ref _lastData);

    /// <summary>A client is pinged even while receiving is paused: data that cannot be written also shows that the client is gone.</summary>
    private bool IsAlwaysPinged => isAlwaysPinged || Volatile.Read(ref _isPaused);

    public void OnData(long at) => Volatile.Write(ref _lastData, at);

    public void SetPaused(bool value, long now)
    {
        if (!value)
            OnData(now);
        Volatile.Write(ref _isPaused, value);
    }

    /// <summary>
    /// Checks whether anything has arrived since the ping, not how long ago: a timer that fires late must not count against the client. A
    /// ping that is still in the queue must not either.
    /// </summary>
    public void Update(bool isPingQueued)
    {
        if (Volatile.Read(ref _isPaused) || isPingQueued || LastData >= _pingedAt)
            _pingedAt = 0;
    }

    /// <summary>Returns the rest of the time; the maximum if no ping is unanswered.</summary>
    public readonly TimeSpan Rest(TimeSpan timeout, TimeProvider clock) =>
        _pingedAt == 0 ? TimeSpan.MaxValue : timeout - clock.GetElapsedTime(_pingedAt);

    /// <summary>Returns true if a ping is due. The caller then sends it.</summary>
    public bool TryPing(TimeSpan interval, TimeProvider clock)
    {
        var isWaiting = _pingedAt != 0 && !IsAlwaysPinged;
        if (isWaiting || clock.GetElapsedTime(Since) < interval)
            return false;
        _lastPing = clock.GetTimestamp();
        if (_pingedAt == 0)
            _pingedAt = _lastPing;
        return true;
    }

    /// <summary>Returns the time until the next check.</summary>
    public TimeSpan Next(TimeSpan interval, TimeSpan timeout, TimeProvider clock)
    {
        var rest = Rest(timeout, clock);
        if (_pingedAt != 0 && !isAlwaysPinged)
            return rest;
        var ping = interval - clock.GetElapsedTime(Since);
        return ping < rest ? ping : rest;
    }

    /// <summary>When the interval has begun: with the last ping, or with the client's last data.</summary>
    private long Since => IsAlwaysPinged ? _lastPing : LastData;
}
