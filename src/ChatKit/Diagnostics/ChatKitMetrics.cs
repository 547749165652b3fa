using System.Diagnostics.Metrics;
using System.Net.WebSockets;

namespace ChatKit.Diagnostics;

/// <summary>The instruments. Its methods are what happened, so that the code which calls them reads as such.</summary>
/// <remarks>
/// No attribute has the name of a room, a user or a connection: each value is a time series of its own, and clients choose those names. One who
/// invents rooms would fill the memory of whoever collects. Spans and logs have them.
/// </remarks>
internal sealed class ChatKitMetrics : IDisposable
{
    private static readonly KeyValuePair<string, object?> Receive = new("network.io.direction", "receive");
    private static readonly KeyValuePair<string, object?> Transmit = new("network.io.direction", "transmit");
    private static readonly KeyValuePair<string, object?> Recovered = new("chatkit.recovered", true);
    private static readonly KeyValuePair<string, object?> NotRecovered = new("chatkit.recovered", false);
    private static readonly KeyValuePair<string, object?> Reset = new("chatkit.reason", "reset");
    private static readonly KeyValuePair<string, object?> Trimmed = new("chatkit.reason", "trimmed");

    /// <summary>In seconds: from what a small room in memory takes to what makes people wonder.</summary>
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
    private readonly Counter<long> _received;
    private readonly Counter<long> _stored;
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
    /// <param name="meters">Null in a service collection to which nobody has added metrics.</param>
    public ChatKitMetrics(TimeProvider clock, IMeterFactory? meters = null)
    {
        _clock = clock;
        _ownsMeter = meters is null;
        _meter = meters?.Create(ChatKitTelemetry.MeterName) ?? new Meter(ChatKitTelemetry.MeterName);
        _opened = Counter("chatkit.connections.opened", "{connection}", "Connections that began.");
        _closed = Counter("chatkit.connections.closed", "{connection}", "Connections that ended, by close code.");
        _received = Counter("chatkit.messages.received", "{message}", "Messages of clients that were given to handlers.");
        _stored = Counter("chatkit.messages.stored", "{message}", "Messages that were stored and published.");
        _delivered = Counter("chatkit.messages.delivered", "{message}", "Messages of rooms enqueued for a member.");
        _dropped = Counter("chatkit.messages.dropped", "{message}", "Messages that a slow member was not given and will not be.");
        _missed = Counter("chatkit.messages.missed", "{message}", "Messages in the gaps, as far as their number is known.");
        _gaps = Counter("chatkit.gaps", "{gap}", "Holes that the history could not fill.");
        _resumes = Counter("chatkit.resumes", "{resume}", "Clients that went on where they were, by whether they missed nothing.");
        _behind = Counter("chatkit.slow_consumers.behind", "{event}", "Times a member's outbound queue was full.");
        _tooSlow = Counter("chatkit.slow_consumers.closed", "{event}", "Members closed because they read too slowly.");
        _fanOut = Histogram("chatkit.fan_out.duration", "How long a room took to enqueue what had come for all its members.");
        _history = Histogram("chatkit.history.duration", "How long storing, reading and publishing took.");
        _lag = Histogram("chatkit.backplane.lag", "From when a node took a message to when a room on this node did.");
    }

    /// <summary>When something begins whose duration is measured.</summary>
    public long Begin() => _clock.GetTimestamp();

    /// <summary>Has the connections asked whenever somebody collects.</summary>
    public void Observe(Func<ConnectionTotals> connections)
    {
        _meter.CreateObservableUpDownCounter(
            "chatkit.connections.active", () => (long)connections().Count, "{connection}", "Open connections.");
        _meter.CreateObservableCounter("chatkit.network.io", MeasureBytes, "By", "Bytes of WebSocket frames, by direction.");
        _meter.CreateObservableUpDownCounter(
            "chatkit.outbound_queue.size", () => connections().Queued, "By", "What waits to be written to all clients.");
        _meter.CreateObservableGauge(
            "chatkit.outbound_queue.largest", () => connections().LargestQueue, "By", "What waits for the client for which most does.");

        IEnumerable<Measurement<long>> MeasureBytes()
        {
            var totals = connections();
            return [new Measurement<long>(totals.Received, Receive), new Measurement<long>(totals.Sent, Transmit)];
        }
    }

    /// <summary>Has the rooms counted whenever somebody collects.</summary>
    public void Observe(Func<int> rooms) => _meter.CreateObservableUpDownCounter(
        "chatkit.rooms.active", () => (long)rooms(), "{room}", "Rooms that have members on this node.");

    public void Opened() => _opened.Add(1);

    public void Closed(CloseInfo close) => _closed.Add(1, new KeyValuePair<string, object?>("chatkit.close.code", CodeOf(close.Code)));

    public void Received() => _received.Add(1);

    /// <summary>A message was stored, or handed over without being stored, or could not be.</summary>
    /// <param name="stores">Whether it was to be stored.</param>
    /// <param name="began">When that began.</param>
    /// <param name="failure">Why it failed; null if it did not.</param>
    public void Published(bool stores, long began, Exception? failure)
    {
        if (stores && failure is null)
            _stored.Add(1);
        RecordHistory(stores ? "append" : "publish", began, failure);
    }

    /// <summary>The history was read, or could not be.</summary>
    public void Read(long began, Exception? failure) => RecordHistory("read", began, failure);

    public void Delivered(int messages) => _delivered.Add(messages);

    /// <summary>A room has fanned out what had come.</summary>
    /// <param name="began">When it began.</param>
    /// <param name="deliveries">How many messages were enqueued, counted once for each member.</param>
    public void FannedOut(long began, int deliveries)
    {
        _delivered.Add(deliveries);
        _fanOut.Record(Since(began));
    }

    /// <summary>A room on this node has accepted a message.</summary>
    /// <param name="at">When the sender's node took it, by that node's clock.</param>
    public void Accepted(DateTimeOffset at)
    {
        // A node's clock may be behind another's; nothing arrives before it was sent.
        if (_lag.Enabled)
            _lag.Record(Math.Max(0, (_clock.GetUtcNow() - at).TotalSeconds));
    }

    public void FellBehind() => _behind.Add(1);

    public void ClosedAsTooSlow() => _tooSlow.Add(1);

    /// <summary>A slow member was not given messages that nobody stores.</summary>
    public void Dropped(int messages) => _dropped.Add(messages, new KeyValuePair<string, object?>("chatkit.reason", "ephemeral"));

    /// <summary>A slow member was not given messages, and closed.</summary>
    public void DroppedAndClosed(int messages)
    {
        _dropped.Add(messages, new KeyValuePair<string, object?>("chatkit.reason", "closed"));
        ClosedAsTooSlow();
    }

    public void Resumed(bool recovered) => _resumes.Add(1, recovered ? Recovered : NotRecovered);

    /// <summary>Messages are missing, and will not come.</summary>
    /// <param name="scope">Who misses them.</param>
    /// <param name="missed">How many; null if that is not known, because the stream was lost.</param>
    public void Missed(GapScope scope, long? missed)
    {
        var who = new KeyValuePair<string, object?>("chatkit.scope", scope == GapScope.Room ? "room" : "member");
        _gaps.Add(1, who, missed is null ? Reset : Trimmed);
        if (missed is { } count)
            _missed.Add(count, who);
    }

    /// <summary>A meter lives until it is disposed of. Those of a factory are the factory's.</summary>
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

    /// <summary>A client may close with any of the 2000 codes that are left to applications. They count as two.</summary>
    private static int CodeOf(WebSocketCloseStatus code) => (int)code switch
    {
        >= 4000 => 4000,
        >= 3000 => 3000,
        var known => known,
    };
}
