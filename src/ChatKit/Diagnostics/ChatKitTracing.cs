using System.Diagnostics;

namespace ChatKit.Diagnostics;

/// <summary>
/// The spans of a message: <c>handle</c>, what its handler does with it; <c>publish</c>, storing it and handing it to the nodes; <c>deliver</c>,
/// on each node, offering it to the members. Names and attributes are those of OpenTelemetry's conventions for messaging.
/// Nothing is allocated while nobody listens.
/// </summary>
internal sealed class ChatKitTracing : IDisposable
{
    private readonly ActivitySource _source = new(ChatKitTelemetry.ActivitySourceName);

    /// <summary>
    /// Begins handling a message of a client. The span begins a trace: else all messages of a connection, hours of them, were in the trace
    /// of the request that has opened it. That one is linked.
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

    /// <summary>Begins publishing a message, as part of whatever the caller is doing.</summary>
    public Activity? Publish(string room, ChatMessage message)
    {
        var span = _source.StartActivity("publish", ActivityKind.Producer);
        Describe(span, "send", room, message.Data.Length);
        return span;
    }

    /// <summary>Whether anybody listens.</summary>
    public bool HasListeners => _source.HasListeners();

    /// <summary>
    /// Begins delivering a message that a room has taken; null if it is not traced. One turn delivers many messages, and each has a span of
    /// its own, so that the trace of a message shows when it reached each node. A single span with links would be a trace of its own,
    /// which nobody finds from the message. Only the messages that were sampled where they were sent have one.
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

        // They stand side by side, and what the turn begins for slow members is part of none of them.
        Activity.Current = null;
        return span;
    }

    /// <summary>Takes note that what a span is about has failed. Not why: the text of an exception may contain what a client has sent.</summary>
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

        // The room of a user is named after them, and no business of whoever looks at traces.
        if (!RoomName.IsOfUser(room))
            span.SetTag("messaging.destination.name", room);
    }
}
