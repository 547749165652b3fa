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
    private readonly Action<Exception> _onDead;
    private readonly TimeProvider _clock;

    /// <summary>When the ping was sent whose answer is due; null if none is.</summary>
    private long? _pinged;

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
        // Not by the length of the silence: an answer that came at once is as old as the timeout when this runs.
        if (!Paused && _pinged is { } pinged && !_stream.HasReadSince(pinged))
        {
            _onDead(new TimeoutException($"The client has not answered a ping for {_timeout.TotalSeconds:0.###} s."));
            return;
        }

        var rest = Paused ? _interval : _interval - _stream.Silence;
        if (rest > TimeSpan.Zero)
        {
            _pinged = null;
            _timer.Change(rest, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _pinged = _clock.GetTimestamp();
            _outbound.EnqueueControl(Protocol.WebSocketFrame.Ping);
            _timer.Change(_timeout, Timeout.InfiniteTimeSpan);
        }
    }
}
