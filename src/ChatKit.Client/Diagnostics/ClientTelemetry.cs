using System.Diagnostics;
using System.Diagnostics.Metrics;
using ChatKit.Client.Outboxes;

namespace ChatKit.Client.Diagnostics;

/// <summary>The metrics and traces of a client. Without listeners, nothing is allocated.</summary>
internal sealed class ClientTelemetry : IDisposable
{
    private static readonly ActivitySource Source = new(ChatClientTelemetry.Name);
    private static readonly Instruments Shared = new(new Meter(ChatClientTelemetry.Name));

    private readonly Instruments _instruments;
    private readonly TimeProvider _time;
    private bool _isLive;

    public ClientTelemetry(IMeterFactory? factory, TimeProvider time)
    {
        // The factory returns the same meter for the same name, and owns it.
        _instruments = factory is null ? Shared : new Instruments(factory.Create(ChatClientTelemetry.Name));
        _time = time;
    }

    /// <summary>Starts the span of an attempt to connect. The server's spans of the connection belong to its trace.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="cause">The context of the call that connects, if there is one.</param>
    public Activity? StartConnect(ChatTransport transport, ActivityContext cause)
    {
        _instruments.Attempts.Add(1, new KeyValuePair<string, object?>("chatkit.transport", transport.ToString()));
        return Source.StartActivity("connect", ActivityKind.Client, cause)?.SetTag("chatkit.transport", transport.ToString());
    }

    /// <summary>Starts the span of a message, which ends with its outcome. It is not the current one of the caller.</summary>
    public static Activity? StartSend(string type, string? room)
    {
        if (!Source.HasListeners())
            return null;
        var current = Activity.Current;
        var span = Source.StartActivity("send", ActivityKind.Producer);
        Activity.Current = current;
        span?.SetTag("messaging.system", "chatkit").SetTag("messaging.operation.name", type).SetTag("messaging.destination.name", room);
        return span;
    }

    public void Sent(bool isRepeat) => _instruments.Sent.Add(1, new KeyValuePair<string, object?>("chatkit.repeat", isRepeat));

    public void Acknowledged(OutboxEntry entry, MessagePosition? position)
    {
        _instruments.Duration.Record(
            _time.GetElapsedTime(entry.AddedAt).TotalSeconds, new KeyValuePair<string, object?>("chatkit.outcome", "ok"));
        if (entry.Activity is { } span)
        {
            span.SetTag("messaging.message.id", position?.ToString());
            Stop(span);
        }
    }

    public void Failed(OutboxEntry entry, string code)
    {
        _instruments.Duration.Record(
            _time.GetElapsedTime(entry.AddedAt).TotalSeconds, new KeyValuePair<string, object?>("chatkit.outcome", Outcome(code)));
        if (entry.Activity is { } span)
        {
            span.SetTag("error.type", code).SetStatus(ActivityStatusCode.Error);
            Stop(span);
        }
    }

    public void Received() => _instruments.Received.Add(1);

    public void Repeated() => _instruments.Repeated.Add(1);

    /// <summary>A reader has begun to lose events.</summary>
    public void Dropped() => _instruments.Dropped.Add(1);

    public void Replaced() => _instruments.Replaced.Add(1);

    public void ChangeState(ChatState state)
    {
        var isLive = state == ChatState.Live;
        if (isLive == _isLive)
            return;
        _isLive = isLive;
        _instruments.Live.Add(isLive ? 1 : -1);
    }

    public void Dispose() => ChangeState(ChatState.Closed);

    /// <summary>The codes of applications have no limit.</summary>
    private static string Outcome(string code) => code switch
    {
        ChatErrorCodes.Unknown or ChatErrorCodes.Closed or ChatErrorCodes.Stored or ChatErrorCodes.TooBig => code,
        _ => "refused",
    };

    /// <summary>Stopping a span changes the current one of the caller.</summary>
    private static void Stop(Activity span)
    {
        var current = Activity.Current;
        span.Stop();
        Activity.Current = current;
    }

    private sealed class Instruments(Meter meter)
    {
        public Counter<long> Attempts { get; } =
            meter.CreateCounter<long>("chatkit.client.connects", "{attempt}", "Attempts to connect.");

        public UpDownCounter<long> Live { get; } =
            meter.CreateUpDownCounter<long>("chatkit.client.live", "{client}", "Clients that are live.");

        public Counter<long> Replaced { get; } = meter.CreateCounter<long>(
            "chatkit.client.replacements", "{connection}", "Connections that replaced another one without an interruption.");

        public Counter<long> Sent { get; } =
            meter.CreateCounter<long>("chatkit.client.messages.sent", "{message}", "Messages that were sent, also again.");

        public Counter<long> Received { get; } =
            meter.CreateCounter<long>("chatkit.client.messages.received", "{message}", "Messages that were reported.");

        public Counter<long> Repeated { get; } = meter.CreateCounter<long>(
            "chatkit.client.messages.repeated", "{message}", "Messages that the client already had.");

        public Counter<long> Dropped { get; } = meter.CreateCounter<long>(
            "chatkit.client.readers.behind", "{event}", "Times a reader of events began to lose some.");

        public Histogram<double> Duration { get; } = meter.CreateHistogram<double>(
            "chatkit.client.send.duration", "s", "The time from a call of SendAsync to its outcome.");
    }
}
