namespace ChatKit.Connections;

/// <summary>
/// Pings a client that has been silent for a while, and says so if it stays silent.
/// </summary>
internal sealed class KeepAlive : IDisposable
{
    private readonly ITimer _timer;
    private readonly OutboundQueue _outbound;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;
    private readonly Action<Exception> _onDead;
    private long _lastHeard;
    private long? _pingedAt;
    private bool _paused;

    public KeepAlive(
        OutboundQueue outbound,
        TimeSpan interval,
        TimeSpan timeout,
        TimeProvider clock,
        Action<Exception> onDead)
    {
        (_outbound, _interval, _timeout, _clock, _onDead) = (outbound, interval, timeout, clock, onDead);
        _lastHeard = clock.GetTimestamp();
        _timer = clock.CreateTimer(static self => ((KeepAlive)self!).Tick(), this, interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Whether nothing is read from the client at present because its handler is busy. Its silence then means nothing, and counts
    /// from zero once it is read from again.
    /// </summary>
    public bool Paused
    {
        get => Volatile.Read(ref _paused);
        set
        {
            if (!value)
                Hear();
            Volatile.Write(ref _paused, value);
        }
    }

    /// <summary>Something has come from the client: its silence counts from now on.</summary>
    public void Hear() => Volatile.Write(ref _lastHeard, _clock.GetTimestamp());

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        // Whether anything came since the ping, not how long ago: a timer that fires late must not count against the client.
        var lastHeard = Volatile.Read(ref _lastHeard);
        if (!Paused && _pingedAt is { } pinged && lastHeard < pinged)
        {
            _onDead(new TimeoutException($"The client has not answered a ping for {_timeout.TotalSeconds:0.###} s."));
            return;
        }

        _pingedAt = null;
        var rest = Paused ? _interval : _interval - _clock.GetElapsedTime(lastHeard);
        if (rest <= TimeSpan.Zero)
        {
            _pingedAt = _clock.GetTimestamp();
            _outbound.EnqueueControl(Protocol.WebSocketFrame.Ping);
            rest = _timeout;
        }

        _timer.Change(rest, Timeout.InfiniteTimeSpan);
    }
}
