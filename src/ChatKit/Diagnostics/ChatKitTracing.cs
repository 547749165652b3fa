using System.Diagnostics;

namespace ChatKit.Diagnostics;

/// <summary>
/// Creates the spans of a message: <c>handle</c> covers its handler; <c>publish</c>, storing it and sending it to the nodes;
/// <c>deliver</c>, on each node, enqueuing it for the members. Names and attributes follow OpenTelemetry's semantic conventions for
/// messaging. Without listeners, nothing is allocated.
/// </summary>
internal sealed class ChatKitTracing : IDisposable
{
    private readonly ActivitySource _source = new(ChatKitTelemetry.ActivitySourceName);

    /// <summary>
    /// Starts the span for handling a client's message. The span starts a new trace, which links to the request that opened the connection.
    /// Otherwise all messages of a connection, possibly over hours, would be in the trace of that request.
    /// </summary>
    public Activity? Handle(string room, string connectionId, int bytes)
    {
        if (!_source.HasListeners())
            return null;

        var request = Activity.Current;
        Activity.Current = null;
        ActivityLink[]? links = request is null ? null : [new ActivityLink(request.Context)];
        var span = _source.StartActivity("handle", ActivityKind.Consumer, parentContext: default, tags: null, links);
        if (span is null)
            Activity.Current = request;
        Describe(span, "process", room, bytes);
        span?.SetTag("chatkit.connection.id", connectionId);
        return span;
    }

    /// <summary>Starts the span for publishing a message, as a child of the current span.</summary>
    public Activity? Publish(string room, ChatMessage message)
    {
        var span = _source.StartActivity("publish", ActivityKind.Producer);
        Describe(span, "send", room, message.Data.Length);
        return span;
    }

    /// <summary>Whether the source has listeners.</summary>
    public bool HasListeners => _source.HasListeners();

    /// <summary>
    /// Starts the span for delivering a message that a room has accepted; null if the message isn't traced. One turn delivers many
    /// messages, and each has its own span, so that a message's trace shows when it reached each node. A single span with links would be a
    /// separate trace, which can't be found from the message. Only messages that were sampled by their sender have a span.
    /// </summary>
    public Activity? Deliver(string room, ChatMessage message, int batchSize)
    {
        if (message.TraceParent is not { } traceParent
            || !ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var parent)
            || _source.StartActivity("deliver", ActivityKind.Consumer, parent) is not { } span)
            return null;
        Describe(span, "process", room, message.Data.Length);
        span.SetTag("messaging.message.id", message.Position?.ToString());
        span.SetTag("messaging.batch.message_count", batchSize);

        // The spans of a turn are siblings, and work that the turn starts for slow members belongs to none of them.
        Activity.Current = null;
        return span;
    }

    /// <summary>Marks a span as failed. It doesn't record the exception's message, which may contain a client's data.</summary>
    public static void Fail(Activity? span, Exception exception)
    {
        span?.SetTag("error.type", exception.GetType().FullName);
        span?.SetStatus(ActivityStatusCode.Error);
    }

    public void Dispose() => _source.Dispose();

    private static void Describe(Activity? span, string type, string room, int bytes)
    {
        if (span is not { IsAllDataRequested: true })
            return;
        span.SetTag("messaging.system", "chatkit");
        span.SetTag("messaging.operation.name", span.OperationName);
        span.SetTag("messaging.operation.type", type);
        span.SetTag("messaging.message.body.size", bytes);

        // The name of a user's internal room contains the user's id, which doesn't belong in traces.
        if (!RoomName.IsOfUser(room))
            span.SetTag("messaging.destination.name", room);
    }
}
