namespace ChatKit.Connections;

/// <summary>
/// Pings a client that has been silent for a while, and says so if it stays silent. The platform's own keep-alive cannot be used:
/// it counts the answer as missing while a busy handler keeps the connection from being read.
/// </summary>
internal sealed class KeepAlive : IDisposable
{
    private readonly ITimer _timer;
    private readonly ConnectionStream _stream;
    private readonly OutboundQueue _outbound;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;
    private readonly Action<Exception> _onDead;
    private long? _pingedAt;
    private bool _paused;

    public KeepAlive(
        ConnectionStream stream,
        OutboundQueue outbound,
        TimeSpan interval,
        TimeSpan timeout,
        TimeProvider clock,
        Action<Exception> onDead)
    {
        (_stream, _outbound, _interval, _timeout, _clock, _onDead) = (stream, outbound, interval, timeout, clock, onDead);
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
                _stream.ForgetSilence();
            Volatile.Write(ref _paused, value);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        // Whether anything came since the ping, not how long ago: a timer that fires late must not count against the client.
        if (!Paused && _pingedAt is { } pinged && _stream.LastRead < pinged)
        {
            _onDead(new TimeoutException($"The client has not answered a ping for {_timeout.TotalSeconds:0.###} s."));
            return;
        }

        _pingedAt = null;
        var rest = Paused ? _interval : _interval - _clock.GetElapsedTime(_stream.LastRead);
        if (rest <= TimeSpan.Zero)
        {
            _pingedAt = _clock.GetTimestamp();
            _outbound.EnqueueControl(Protocol.WebSocketFrame.Ping);
            rest = _timeout;
        }

        _timer.Change(rest, Timeout.InfiniteTimeSpan);
    }
}
