using System.Diagnostics.Metrics;

namespace ChatKit.Diagnostics;

/// <summary>The instruments. Its methods are what happened, so that the code which calls them reads as such.</summary>
internal sealed class ChatKitMetrics
{
    private readonly UpDownCounter<long> _connections;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _received;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _behind;

    /// <param name="meters">Null in a service collection to which nobody has added metrics.</param>
    public ChatKitMetrics(IMeterFactory? meters = null)
    {
        var meter = meters?.Create(ChatKitTelemetry.MeterName) ?? new Meter(ChatKitTelemetry.MeterName);
        _connections = meter.CreateUpDownCounter<long>("chatkit.connections.active", "{connection}", "Open connections.");
        _closed = meter.CreateCounter<long>("chatkit.connections.closed", "{connection}", "Connections that ended, by close code.");
        _received = meter.CreateCounter<long>("chatkit.messages.received", "{message}", "Messages from clients.");
        _delivered = meter.CreateCounter<long>("chatkit.messages.delivered", "{message}", "Messages of rooms enqueued for a member.");
        _behind = meter.CreateCounter<long>("chatkit.members.behind", "{event}", "Times a member's outbound queue was full.");
    }

    public void Opened() => _connections.Add(1);

    public void Closed(CloseInfo close)
    {
        _connections.Add(-1);
        _closed.Add(1, new KeyValuePair<string, object?>("chatkit.close.code", (int)close.Code));
    }

    public void Received() => _received.Add(1);

    public void Delivered(int messages) => _delivered.Add(messages);

    public void FellBehind() => _behind.Add(1);
}
