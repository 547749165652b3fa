namespace ChatKit.Monitor.Nodes;

/// <summary>Computes rates from two measurements of the node. Holds nothing while nobody watches.</summary>
internal sealed class RoomActivity(NodeMeter meter, TimeProvider clock)
{
    /// <summary>Rates of shorter intervals are of no use. Questions that follow sooner receive the rates of the last one.</summary>
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(1);

    private Dictionary<string, Sample> _rooms = [];
    private Dictionary<string, Sample>? _next;
    private (long Received, long Stored, long Delivered) _messages;
    private long? _measured;
    private double? _elapsed;

    /// <summary>The rates of the node, in messages per second; null until there are two measurements.</summary>
    public Reports.NodeRates? Rates { get; private set; }

    /// <summary>Begins a measurement. After that, each room must be measured once, and then the measurement must end.</summary>
    public void Begin()
    {
        var now = clock.GetTimestamp();
        if (_measured is { } before && clock.GetElapsedTime(before, now) < MinInterval)
            return;
        _elapsed = _measured is null ? null : clock.GetElapsedTime(_measured.Value, now).TotalSeconds;
        (_next, _measured) = ([], now);
        var messages = meter.Messages;
        if (_elapsed is { } seconds)
        {
            Rates = new Reports.NodeRates(
                (messages.Received - _messages.Received) / seconds,
                (messages.Stored - _messages.Stored) / seconds,
                (messages.Delivered - _messages.Delivered) / seconds);
        }

        _messages = messages;
    }

    /// <summary>Returns a room's events per second; null until it was measured twice.</summary>
    public double? Measure(RoomStatistics room)
    {
        var isKnown = _rooms.TryGetValue(room.Name, out var before);
        if (_next is null)
            return isKnown ? before.PerSecond : null;

        // A room that all members have left meanwhile counts from 0 again. One that is new while somebody watches has counted since then.
        double? rate = _elapsed is not { } seconds ? null
            : (room.Events - (isKnown && before.Events <= room.Events ? before.Events : 0)) / seconds;
        _next[room.Name] = new Sample(room.Events, rate);
        return rate;
    }

    public void End() => (_rooms, _next) = (_next ?? _rooms, null);

    /// <summary>Forgets everything.</summary>
    public void Clear() => (_rooms, _next, _measured, _elapsed, Rates) = ([], null, null, null, null);

    private readonly record struct Sample(long Events, double? PerSecond);
}
