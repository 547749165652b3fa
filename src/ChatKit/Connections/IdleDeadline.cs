namespace ChatKit.Connections;

/// <summary>The time by which a client must have sent a message. It does not run while the handler is busy.</summary>
/// <param name="now">The timestamp from which it runs.</param>
internal struct IdleDeadline(long now)
{
    private long _lastMessage = now;
    private bool _isBusy;

    public void SetBusy(bool value, long now)
    {
        if (!value)
            OnMessage(now);
        Volatile.Write(ref _isBusy, value);
    }

    public void OnMessage(long at) => Volatile.Write(ref _lastMessage, at);

    /// <summary>Returns the rest of the time; the maximum if there is no limit.</summary>
    public TimeSpan Rest(TimeSpan timeout, TimeProvider clock)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
            return TimeSpan.MaxValue;
        return Volatile.Read(ref _isBusy) ? timeout : timeout - clock.GetElapsedTime(Volatile.Read(ref _lastMessage));
    }
}
