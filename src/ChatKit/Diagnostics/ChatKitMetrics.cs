using System.Diagnostics.Metrics;
using System.Net.WebSockets;

namespace ChatKit.Diagnostics;

/// <summary>Records ChatKit's metrics. Each method is named after the event that it records.</summary>
/// <remarks>
/// No attribute contains the name of a room, a user or a connection. Each value would be a separate time series, and clients choose such
/// names: a client that invents rooms would fill the memory of the collector. Spans and logs contain these names.
/// </remarks>
internal sealed class ChatKitMetrics : IDisposable
{
    private static readonly KeyValuePair<string, object?> Receive = new("network.io.direction", "receive");
    private static readonly KeyValuePair<string, object?> Transmit = new("network.io.direction", "transmit");
    private static readonly KeyValuePair<string, object?> Recovered = new("chatkit.recovered", true);
    private static readonly KeyValuePair<string, object?> NotRecovered = new("chatkit.recovered", false);
    private static readonly KeyValuePair<string, object?> Reset = new("chatkit.reason", "reset");
    private static readonly KeyValuePair<string, object?> Trimmed = new("chatkit.reason", "trimmed");

    /// <summary>The bucket boundaries in seconds, from the duration of a small in-memory room to delays that people notice.</summary>
    private static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries =
            [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    private readonly TimeProvider _clock;
    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Counter<long> _opened;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _framesRefused;
    private readonly Counter<long> _received;
    private readonly Counter<long> _stored;
    private readonly Counter<long> _changed;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _missed;
    private readonly Counter<long> _gaps;
    private readonly Counter<long> _resumes;
    private readonly Counter<long> _behind;
    private readonly Counter<long> _tooSlow;
    private readonly Histogram<double> _fanOut;
    private readonly Histogram<double> _history;
    private readonly Histogram<double> _lag;

    /// <param name="clock">The clock.</param>
    /// <param name="meters">Null if metrics weren't added to the service collection.</param>
    public ChatKitMetrics(TimeProvider clock, IMeterFactory? meters = null)
    {
        _clock = clock;
        _ownsMeter = meters is null;
        _meter = meters?.Create(ChatKitTelemetry.MeterName) ?? new Meter(ChatKitTelemetry.MeterName);
        _opened = Counter("chatkit.connections.opened", "{connection}", "Connections that were opened.");
        _closed = Counter("chatkit.connections.closed", "{connection}", "Connections that ended, by close code.");
        _refused = Counter("chatkit.connections.refused", "{connection}", "Handshakes and connections that were refused, by reason.");
        _framesRefused = Counter("chatkit.frames.refused", "{frame}", "Frames and messages of clients that were refused, by error code.");
        _received = Counter("chatkit.messages.received", "{message}", "Messages of clients that were passed to handlers.");
        _stored = Counter("chatkit.messages.stored", "{message}", "Messages that were stored and published.");
        _changed = Counter("chatkit.messages.changed", "{message}", "Stored messages that were edited or deleted.");
        _delivered = Counter("chatkit.messages.delivered", "{message}", "Messages that were enqueued for a member, once for each member.");
        _dropped = Counter("chatkit.messages.dropped", "{message}", "Messages that a slow member won't receive.");
        _missed = Counter("chatkit.messages.missed", "{message}", "Messages in gaps, as far as their number is known.");
        _gaps = Counter("chatkit.gaps", "{gap}", "Gaps that the history couldn't fill.");
        _resumes = Counter("chatkit.resumes", "{resume}", "Clients that reconnected and resumed, by whether they missed nothing.");
        _behind = Counter("chatkit.slow_consumers.behind", "{event}", "Times that a member's outbound queue was full.");
        _tooSlow = Counter("chatkit.slow_consumers.closed", "{event}", "Members that were closed because they read too slowly.");
        _fanOut = Histogram("chatkit.fan_out.duration", "Time that a room took to enqueue incoming messages for all its members.");
        _history = Histogram("chatkit.history.duration", "Duration of storing, reading and publishing.");
        _lag = Histogram("chatkit.backplane.lag", "Time from a node accepting a message to a room on this node receiving it.");
    }

    /// <summary>Returns the start time of a duration to measure.</summary>
    public long Begin() => _clock.GetTimestamp();

    /// <summary>Registers the instruments that read the connections at each collection.</summary>
    public void Observe(Func<ConnectionTotals> connections)
    {
        _meter.CreateObservableUpDownCounter(
            "chatkit.connections.active", () => (long)connections().Count, "{connection}", "Open connections.");
        _meter.CreateObservableCounter("chatkit.network.io", MeasureBytes, "By", "Bytes of WebSocket frames, by direction.");
        _meter.CreateObservableUpDownCounter(
            "chatkit.outbound_queue.size", () => connections().Queued, "By", "Bytes that wait to be written to all clients.");
        _meter.CreateObservableGauge(
            "chatkit.outbound_queue.largest", () => connections().LargestQueue, "By", "Bytes that wait for the client with the longest queue.");

        IEnumerable<Measurement<long>> MeasureBytes()
        {
            var totals = connections();
            return [new Measurement<long>(totals.Received, Receive), new Measurement<long>(totals.Sent, Transmit)];
        }
    }

    /// <summary>Registers the instrument that counts the rooms at each collection.</summary>
    public void Observe(Func<int> rooms) => _meter.CreateObservableUpDownCounter(
        "chatkit.rooms.active", () => (long)rooms(), "{room}", "Rooms that have members on this node.");

    public void Opened() => _opened.Add(1);

    public void Closed(CloseInfo close) => _closed.Add(1, new KeyValuePair<string, object?>("chatkit.close.code", CodeOf(close.Code)));

    /// <summary>Records that a handler has denied a client its home room. Endpoints record the handshakes that they refuse.</summary>
    public void RefusedHomeRoom() => _refused.Add(1, new KeyValuePair<string, object?>("chatkit.reason", "forbidden"));

    /// <summary>Records that a frame of a client was refused.</summary>
    /// <param name="code">The error code. The codes of applications are counted as one.</param>
    /// <param name="isOfProtocol">Whether the code is one of the protocol.</param>
    public void RefusedFrame(string code, bool isOfProtocol) =>
        _framesRefused.Add(1, new KeyValuePair<string, object?>("chatkit.code", isOfProtocol ? code : "application"));

    public void Received() => _received.Add(1);

    /// <summary>Records that a message was stored or published without storing, or that this failed.</summary>
    /// <param name="stores">Whether the message was to be stored.</param>
    /// <param name="began">The start time.</param>
    /// <param name="failure">The reason for the failure; null if it succeeded.</param>
    public void Published(bool stores, long began, Exception? failure)
    {
        if (stores && failure is null)
            _stored.Add(1);
        RecordHistory(stores ? "append" : "publish", began, failure);
    }

    /// <summary>Records that a stored message was changed, or that this failed.</summary>
    /// <param name="outcome">What the history has done.</param>
    /// <param name="began">The start time.</param>
    /// <param name="failure">The reason for the failure; null if it succeeded.</param>
    public void Changed(ChangeOutcome outcome, long began, Exception? failure)
    {
        if (outcome == ChangeOutcome.Changed)
            _changed.Add(1);
        RecordHistory("change", began, failure);
    }

    /// <summary>Records a read of the history, successful or not.</summary>
    public void Read(long began, Exception? failure) => RecordHistory("read", began, failure);

    public void Delivered(int messages) => _delivered.Add(messages);

    /// <summary>Records that a room has fanned out messages.</summary>
    /// <param name="began">The start time.</param>
    /// <param name="deliveries">The number of messages that were enqueued, counted once for each member.</param>
    public void FannedOut(long began, int deliveries)
    {
        _delivered.Add(deliveries);
        _fanOut.Record(Since(began));
    }

    /// <summary>Records that a room on this node has accepted a message.</summary>
    /// <param name="at">When the sender's node accepted the message, by that node's clock.</param>
    public void Accepted(DateTimeOffset at)
    {
        // The nodes' clocks may differ, so the difference can be negative.
        if (_lag.Enabled)
            _lag.Record(Math.Max(0, (_clock.GetUtcNow() - at).TotalSeconds));
    }

    public void FellBehind() => _behind.Add(1);

    public void ClosedAsTooSlow() => _tooSlow.Add(1);

    /// <summary>Records that a slow member didn't receive ephemeral messages.</summary>
    public void Dropped(int messages) => _dropped.Add(messages, new KeyValuePair<string, object?>("chatkit.reason", "ephemeral"));

    /// <summary>Records that a slow member didn't receive messages and was closed.</summary>
    public void DroppedAndClosed(int messages)
    {
        _dropped.Add(messages, new KeyValuePair<string, object?>("chatkit.reason", "closed"));
        ClosedAsTooSlow();
    }

    public void Resumed(bool recovered) => _resumes.Add(1, recovered ? Recovered : NotRecovered);

    /// <summary>Records that messages are missing and can't be recovered.</summary>
    /// <param name="scope">Who misses the messages.</param>
    /// <param name="missed">The number of messages; null if it's unknown, because the stream was lost.</param>
    public void Missed(GapScope scope, long? missed)
    {
        var who = new KeyValuePair<string, object?>("chatkit.scope", scope == GapScope.Room ? "room" : "member");
        _gaps.Add(1, who, missed is null ? Reset : Trimmed);
        if (missed is { } count)
            _missed.Add(count, who);
    }

    /// <summary>Disposes of the meter, unless a factory owns it.</summary>
    public void Dispose()
    {
        if (_ownsMeter)
            _meter.Dispose();
    }

    private Counter<long> Counter(string name, string unit, string description) => _meter.CreateCounter<long>(name, unit, description);

    private Histogram<double> Histogram(string name, string description) =>
        _meter.CreateHistogram(name, "s", description, tags: null, Durations);

    private void RecordHistory(string operation, long began, Exception? failure)
    {
        var outcome = failure switch
        {
            null => "ok",
            HistoryUnavailableException => "unavailable",
            OperationCanceledException => "canceled",
            _ => "failed",
        };
        _history.Record(Since(began), new("chatkit.operation", operation), new("chatkit.outcome", outcome));
    }

    private double Since(long began) => _clock.GetElapsedTime(began).TotalSeconds;

    /// <summary>Clients can send any of the 2,000 codes that are reserved for applications. They are counted as two.</summary>
    private static int CodeOf(WebSocketCloseStatus code) => (int)code switch
    {
        >= 4000 => 4000,
        >= 3000 => 3000,
        var known => known,
    };
}
