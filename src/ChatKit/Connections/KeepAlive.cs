using ChatKit.Protocol;
using ChatKit.Wire;

namespace ChatKit.Connections;

/// <summary>
/// Pings a client that has been silent for a while, and says so if it stays silent. One that speaks <see cref="ChatKitSubprotocol.V1"/> is
/// pinged in any case, because it takes a silent server for dead, and cannot see the pings of RFC 6455.
/// </summary>
internal sealed class KeepAlive : IDisposable
{
    /// <summary>Timers count in milliseconds, and one that fires a little early comes back.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private readonly ITimer _timer;
    private readonly OutboundQueue _outbound;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;
    private readonly Action<Exception> _onDead;
    private readonly bool _isCountedOn;
    private long _lastHeard;
    private long _lastPing;
    private long? _pingedAt;
    private bool _paused;

    public KeepAlive(
        OutboundQueue outbound,
        TimeSpan interval,
        TimeSpan timeout,
        TimeProvider clock,
        Action<Exception> onDead,
        WireFormat format = WireFormat.Plain)
    {
        (_outbound, _interval, _timeout, _clock, _onDead) = (outbound, interval, timeout, clock, onDead);
        _isCountedOn = (format & WireFormat.V1) != 0;
        _lastHeard = _lastPing = clock.GetTimestamp();
        _timer = clock.CreateTimer(static self => ((KeepAlive)self!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(interval, Timeout.InfiniteTimeSpan);
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
        if (Paused || lastHeard >= _pingedAt)
            _pingedAt = null;
        if (_pingedAt is { } unanswered && Rest(unanswered, _timeout) <= TimeSpan.Zero)
        {
            _onDead(new TimeoutException($"The client has not answered a ping for {_timeout.TotalSeconds:0.###} s."));
            return;
        }

        var next = Paused && !_isCountedOn ? _interval : Rest(_isCountedOn ? _lastPing : lastHeard, _interval);
        if (next <= TimeSpan.Zero && (_isCountedOn || _pingedAt is null))
        {
            _lastPing = _clock.GetTimestamp();
            _pingedAt ??= _lastPing;
            _outbound.EnqueueControl(_isCountedOn ? V1Frames.Ping : WebSocketFrame.Ping);
            next = _interval;
        }

        if (_pingedAt is { } pinged)
            next = _isCountedOn ? Min(next, Rest(pinged, _timeout)) : Rest(pinged, _timeout);
        _timer.Change(next < Shortest ? Shortest : next, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What is left of a time that has begun at a timestamp.</summary>
    private TimeSpan Rest(long since, TimeSpan time) => time - _clock.GetElapsedTime(since);

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
