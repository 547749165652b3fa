using ChatKit.Diagnostics;

namespace ChatKit.Rooms;

/// <summary>Publishes what handlers and the application broadcast.</summary>
internal sealed class Publisher(IBackplane backplane, ChatKitMetrics metrics, ChatKitTracing tracing)
{
    /// <param name="room">The room's name.</param>
    /// <param name="message">The message.</param>
    /// <param name="capacity">How many messages the room's history keeps; 0 = do not store; null = as many as before.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask PublishAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken = default)
    {
        using var span = tracing.Publish(room, message);
        if (span is { Recorded: true })
            message = message.WithTraceParent(span.Id);
        var scope = capacity != 0 ? RefScope.Current : null;
        if (scope is not null)
            message = message.WithIdempotencyKey(scope.NextKey());

        // Measured here, so that storing counts once, whether a backplane does it itself or has a history do it.
        var began = metrics.Begin();
        try
        {
            var position = await backplane.PublishAsync(room, message, capacity, cancellationToken).ConfigureAwait(false);
            metrics.Published(capacity != 0, began, null);
            if (position is null)
                return;
            span?.SetTag("messaging.message.id", position.ToString());
            scope?.Stored(room, position.Value);
        }
        catch (Exception e)
        {
            metrics.Published(capacity != 0, began, e);
            ChatKitTracing.Fail(span, e);
            throw;
        }
    }
}
