using System.Diagnostics.Metrics;
using ChatKit.Monitor.Reports;

namespace ChatKit.Monitor.Nodes;

/// <summary>
/// Adds up the metrics of this node. Troubles are rare, so they are always counted. What happens with every message is counted only while
/// somebody watches: otherwise its instruments have no listener, and cost nothing.
/// </summary>
internal sealed class NodeMeter : IDisposable
{
    private readonly Total _received = new(), _stored = new(), _delivered = new();
    private readonly Total _gaps = new(), _fellBehind = new(), _closedAsSlow = new(), _dropped = new();
    private readonly Dictionary<string, Total> _rare;
    private readonly Dictionary<string, Total> _frequent;
    private readonly Lock _gate = new();
    private readonly List<Instrument> _watched = [];
    private readonly MeterListener _listener = new();
    private readonly IMeterFactory? _meters;
    private bool _isWatching;

    /// <param name="meters">Creates the meter of this node, of which a process can have several. Null if it has one.</param>
    public NodeMeter(IMeterFactory? meters = null)
    {
        _meters = meters;
        _rare = new()
        {
            ["chatkit.gaps"] = _gaps,
            ["chatkit.slow_consumers.behind"] = _fellBehind,
            ["chatkit.slow_consumers.closed"] = _closedAsSlow,
            ["chatkit.messages.dropped"] = _dropped,
        };
        _frequent = new()
        {
            ["chatkit.messages.received"] = _received,
            ["chatkit.messages.stored"] = _stored,
            ["chatkit.messages.delivered"] = _delivered,
        };
        _listener.InstrumentPublished = OnPublished;
        _listener.SetMeasurementEventCallback<long>(static (_, value, _, total) => (total as Total)?.Add(value));
        _listener.Start();
    }

    public NodeTroubles Troubles => new(_gaps.Value, _fellBehind.Value, _closedAsSlow.Value, _dropped.Value);

    /// <summary>What was counted while somebody watched.</summary>
    public (long Received, long Stored, long Delivered) Messages => (_received.Value, _stored.Value, _delivered.Value);

    /// <summary>Starts to count messages.</summary>
    public void Watch()
    {
        lock (_gate)
        {
            if (_isWatching)
                return;
            _isWatching = true;
            foreach (var instrument in _watched)
                _listener.EnableMeasurementEvents(instrument, _frequent[instrument.Name]);
        }
    }

    /// <summary>Stops counting messages.</summary>
    public void Rest()
    {
        lock (_gate)
        {
            _isWatching = false;
            foreach (var instrument in _watched)
                _listener.DisableMeasurementEvents(instrument);
        }
    }

    public void Dispose() => _listener.Dispose();

    private void OnPublished(Instrument instrument, MeterListener listener)
    {
        if (instrument.Meter.Name != ChatKitTelemetry.MeterName || !ReferenceEquals(instrument.Meter.Scope, _meters))
            return;
        if (_rare.TryGetValue(instrument.Name, out var total))
            listener.EnableMeasurementEvents(instrument, total);
        else if (_frequent.TryGetValue(instrument.Name, out total))
            OnFrequent(instrument, total);
    }

    private void OnFrequent(Instrument instrument, Total total)
    {
        lock (_gate)
        {
            _watched.Add(instrument);
            if (_isWatching)
                _listener.EnableMeasurementEvents(instrument, total);
        }
    }

    private sealed class Total
    {
        private long _value;

        public long Value => Interlocked.Read(ref _value);

        public void Add(long value) => Interlocked.Add(ref _value, value);
    }
}
