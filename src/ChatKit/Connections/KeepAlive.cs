using System.Globalization;
using ChatKit.ChatKitV1;
using ChatKit.Connections.Transport;

namespace ChatKit.Connections;

/// <summary>
/// Pings a client that has been silent for a while, and watches three deadlines: the client must answer pings, accept what it is sent, and
/// send a message now and then. One timer serves all of them.
/// </summary>
internal sealed class KeepAlive : IDisposable
{
    /// <summary>Timers count in milliseconds. A timer that fires a little early is set again.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private readonly ClientTransport _transport;
    private readonly WebSocketConnectionOptions _options;
    private readonly TimeProvider _clock;
    private readonly IKeptAlive _connection;
    private readonly ITimer _timer;
    private AnswerDeadline _answer;
    private WriteDeadline _write;
    private IdleDeadline _idle;

    /// <param name="transport">Sends the pings.</param>
    /// <param name="options">The intervals and timeouts.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="connection">Is notified of a missed deadline.</param>
    public KeepAlive(ClientTransport transport, WebSocketConnectionOptions options, TimeProvider clock, IKeptAlive connection)
    {
        (_transport, _options, _clock, _connection) = (transport, options, clock, connection);
        var now = clock.GetTimestamp();
        _answer = new AnswerDeadline(now, isAlwaysPinged: (transport.Format & WireFormat.V1) != 0);
        _idle = new IdleDeadline(now);
        using var suppressed = RequestContext.Suppress();
        _timer = clock.CreateTimer(static self => ((KeepAlive)self!).Check(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Whether receiving is paused because the client's handler is busy. The time without data does not count meanwhile, and starts anew when
    /// receiving resumes.
    /// </summary>
    public bool IsPaused
    {
        set => _answer.SetPaused(value, _clock.GetTimestamp());
    }

    /// <summary>Whether the handler is busy. The idle time does not count meanwhile.</summary>
    public bool IsBusy
    {
        set => _idle.SetBusy(value, _clock.GetTimestamp());
    }

    /// <summary>A client that is connected for one request has nothing else to send.</summary>
    private TimeSpan IdleTimeout => _transport.IsShort ? Timeout.InfiniteTimeSpan : _options.IdleTimeout;

    private bool Pings => _options.PingInterval != Timeout.InfiniteTimeSpan;

    /// <summary>Starts the timer.</summary>
    public void Start() => Schedule(Min(Pings ? _options.PingInterval : TimeSpan.MaxValue, _idle.Rest(IdleTimeout, _clock)));

    /// <summary>Records that data has arrived from the client.</summary>
    public void OnData() => _answer.OnData(_clock.GetTimestamp());

    /// <summary>Records that the data that arrived last was a message.</summary>
    public void OnMessage() => _idle.OnMessage(_answer.LastData);

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        var idle = _idle.Rest(IdleTimeout, _clock);
        if (idle <= TimeSpan.Zero)
        {
            _connection.CloseIdle(IdleTimeout);
            return;
        }

        if (!Pings)
        {
            Schedule(idle);
            return;
        }

        var (number, bytes, holdsPing) = _transport.Outbound.Waiting;
        var write = _write.Rest(number, bytes, _options.PingTimeout, _clock);
        if (write <= TimeSpan.Zero)
        {
            _connection.OnLost(new TimeoutException($"The client has not read the data that was sent to it for {Seconds(_options.PingTimeout)} s."));
            return;
        }

        _answer.Update(holdsPing);
        if (_answer.Rest(_options.PingTimeout, _clock) <= TimeSpan.Zero)
        {
            _connection.OnLost(new TimeoutException($"The client has not answered a ping for {Seconds(_options.PingTimeout)} s."));
            return;
        }

        if (_answer.TryPing(_options.PingInterval, _clock))
            _transport.Ping();
        Schedule(Min(_answer.Next(_options.PingInterval, _options.PingTimeout, _clock), Min(write, idle)));
    }

    private void Schedule(TimeSpan next)
    {
        if (next != TimeSpan.MaxValue)
            _timer.Change(next < Shortest ? Shortest : next, Timeout.InfiniteTimeSpan);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
