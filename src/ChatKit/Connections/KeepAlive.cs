using System.Globalization;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Transport;
using ChatKit.WebSockets;

namespace ChatKit.Connections;

/// <summary>
/// Pings a client that has been silent for a while. Reports a client that stays silent, accepts no data, or sends no message for too long.
/// Pings a client that speaks <see cref="ChatKitSubprotocol.V1"/> in any case, because it treats a silent server as dead and cannot see the
/// pings of RFC 6455.
/// </summary>
internal sealed class KeepAlive : IDisposable
{
    /// <summary>The slowest line on which a large frame still gets through, in bytes per second.</summary>
    private const int SlowestLine = 16 * 1024;

    /// <summary>Timers count in milliseconds. A timer that fires a little early is set again.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan Never = TimeSpan.MaxValue;

    private readonly ITimer _timer;
    private readonly OutboundQueue _outbound;
    private readonly WebSocketConnectionOptions _options;
    private readonly TimeProvider _clock;
    private readonly Action<Exception> _onDead;
    private readonly Action<TimeSpan>? _onIdle;
    private readonly bool _isCountedOn;
    private long _lastHeard;
    private long _lastMessage;
    private long _lastPing;
    private long? _pingedAt;
    private long _stuckSince;
    private int _stuckWrite;
    private bool _paused;
    private bool _busy;

    /// <param name="outbound">The queue that pings go to.</param>
    /// <param name="options">The intervals and timeouts.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="onDead">Called when the client is gone, with the reason.</param>
    /// <param name="format">The wire format of the client.</param>
    /// <param name="onIdle">Called when the client has sent no message for too long; null for no limit.</param>
    public KeepAlive(
        OutboundQueue outbound,
        WebSocketConnectionOptions options,
        TimeProvider clock,
        Action<Exception> onDead,
        WireFormat format = WireFormat.Plain,
        Action<TimeSpan>? onIdle = null)
    {
        (_outbound, _options, _clock, _onDead, _onIdle) = (outbound, options, clock, onDead, onIdle);
        _isCountedOn = (format & WireFormat.V1) != 0;
        _lastHeard = _lastMessage = _lastPing = clock.GetTimestamp();
        _timer = clock.CreateTimer(static self => ((KeepAlive)self!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Schedule(Min(Pings ? options.PingInterval : Never, RestOfIdle()));
    }

    /// <summary>
    /// Whether reading is paused because the client's handler is busy. Silence means nothing meanwhile, and counts from zero once reading
    /// resumes.
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

    /// <summary>Whether the handler is busy. Meanwhile it means nothing that the client sends no message.</summary>
    public bool Busy
    {
        get => Volatile.Read(ref _busy);
        set
        {
            if (_onIdle is null)
                return;
            if (!value)
                Volatile.Write(ref _lastMessage, _clock.GetTimestamp());
            Volatile.Write(ref _busy, value);
        }
    }

    private bool Pings => _options.PingInterval != Timeout.InfiniteTimeSpan;

    /// <summary>Records that data has arrived from the client. Its silence counts from now on.</summary>
    public void Hear() => Volatile.Write(ref _lastHeard, _clock.GetTimestamp());

    /// <summary>Records that the data that arrived last was a message.</summary>
    public void HearMessage() => Volatile.Write(ref _lastMessage, Volatile.Read(ref _lastHeard));

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        var idle = RestOfIdle();
        if (idle <= TimeSpan.Zero)
        {
            _onIdle!(_options.IdleTimeout);
            return;
        }

        if (!Pings)
        {
            Schedule(idle);
            return;
        }

        var write = RestOfWrite(out var holdsPing);
        if (write <= TimeSpan.Zero)
        {
            _onDead(new TimeoutException($"The client has taken nothing of what it was sent for {Seconds(_options.PingTimeout)} s."));
            return;
        }

        // Checks whether anything has arrived since the ping, not how long ago: a timer that fires late must not count against the client.
        // A ping that is still in the queue must not either.
        var lastHeard = Volatile.Read(ref _lastHeard);
        if (Paused || holdsPing || lastHeard >= _pingedAt)
            _pingedAt = null;
        if (_pingedAt is { } unanswered && Rest(unanswered, _options.PingTimeout) <= TimeSpan.Zero)
        {
            _onDead(new TimeoutException($"The client has not answered a ping for {Seconds(_options.PingTimeout)} s."));
            return;
        }

        Schedule(Min(Ping(lastHeard), Min(write, idle)));
    }

    /// <summary>
    /// Sends a ping if one is due, even while reading is paused: data that cannot be written also shows that the client is gone. Returns
    /// the time until the next check.
    /// </summary>
    private TimeSpan Ping(long lastHeard)
    {
        var always = _isCountedOn || Paused;
        var next = Rest(always ? _lastPing : lastHeard, _options.PingInterval);
        if (next <= TimeSpan.Zero && (always || _pingedAt is null))
        {
            _lastPing = _clock.GetTimestamp();
            _pingedAt ??= _lastPing;
            _outbound.EnqueueControl(_isCountedOn ? V1Frames.Ping : WebSocketFrame.Ping);
            next = _options.PingInterval;
        }

        if (_pingedAt is { } pinged)
            return _isCountedOn ? Min(next, Rest(pinged, _options.PingTimeout)) : Rest(pinged, _options.PingTimeout);
        return next;
    }

    /// <summary>
    /// Returns the rest of the time that the network has to accept the current write. It counts from the first call for that write.
    /// </summary>
    private TimeSpan RestOfWrite(out bool holdsPing)
    {
        (var number, var bytes, holdsPing) = _outbound.Waiting;
        if (bytes == 0)
            return Never;
        if (number != _stuckWrite)
            (_stuckWrite, _stuckSince) = (number, _clock.GetTimestamp());
        return Rest(_stuckSince, _options.PingTimeout + TimeSpan.FromSeconds(bytes / (double)SlowestLine));
    }

    private TimeSpan RestOfIdle()
    {
        if (_onIdle is null)
            return Never;
        return Busy ? _options.IdleTimeout : Rest(Volatile.Read(ref _lastMessage), _options.IdleTimeout);
    }

    private void Schedule(TimeSpan next)
    {
        if (next != Never)
            _timer.Change(next < Shortest ? Shortest : next, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Returns the rest of a time that began at a timestamp.</summary>
    private TimeSpan Rest(long since, TimeSpan time) => time - _clock.GetElapsedTime(since);

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
