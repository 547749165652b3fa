using ChatKit.Diagnostics;
using ChatKit.History;
using ChatKit.Rooms.Events;

namespace ChatKit.Rooms;

/// <summary>Publishes the messages that handlers and the application broadcast, no faster than this node can deliver them.</summary>
internal sealed class Publisher(IBackplane backplane, RoomRegistry rooms, ChatKitMetrics metrics, ChatKitTracing tracing)
{
    /// <param name="room">The room's name.</param>
    /// <param name="message">The message.</param>
    /// <param name="capacity">The number of messages that the room's history keeps; 0 = do not store; null = leave unchanged.</param>
    /// <param name="cancellationToken">
    /// Cancels the wait. The message may still be published. If the token is already canceled, the message is not published.
    /// </param>
    /// <returns>The message's position; null if it is not stored.</returns>
    public async ValueTask<MessagePosition?> PublishAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var position = await HandOverAsync(room, message, capacity, cancellationToken).ConfigureAwait(false);

        // Waits after publishing, so that callers that do not await this keep the order. The message stays published if the caller stops
        // waiting.
        if (rooms.Find(room)?.WaitForTurnAsync() is { IsCompleted: false } waiting)
            await waiting.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return position;
    }

    /// <summary>Changes a stored message. Returns false if it is no longer stored.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="change">The change.</param>
    /// <param name="cancellationToken">Cancels the wait. The change may still be made.</param>
    public async ValueTask<bool> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var scope = change.IdempotencyKey is null ? RefScope.Current : null;
        var digest = scope is null ? default : IdempotencyKey.Digest(room, change);
        if (scope is not null)
            change = change with { IdempotencyKey = scope.KeyOf(digest) };
        var began = metrics.Begin();
        try
        {
            var (outcome, _) = await backplane.ChangeAsync(room, change, cancellationToken).ConfigureAwait(false);
            metrics.Changed(outcome, began, null);
            if (outcome == ChangeOutcome.Gone)
                scope?.IsGone = true;
            else
                scope?.Stored(room, change.Position);
            if (rooms.Find(room)?.WaitForTurnAsync() is { IsCompleted: false } waiting)
                await waiting.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return outcome != ChangeOutcome.Gone;
        }
        catch (Exception e)
        {
            scope?.TakeBack(digest, change.IdempotencyKey!);
            metrics.Changed(ChangeOutcome.Gone, began, e);
            throw;
        }
    }

    /// <summary>Announces a signal to all nodes.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="signal">The signal.</param>
    /// <param name="cancellationToken">Cancels the wait. The signal may still be delivered.</param>
    public async ValueTask SignalAsync(string room, SignalEvent signal, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        signal.ThrowIfInvalid();
        cancellationToken.ThrowIfCancellationRequested();
        await backplane.AnnounceAsync(room, Announcement.Encode(signal), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<MessagePosition?> HandOverAsync(
        string room, ChatMessage message, int? capacity, CancellationToken cancellationToken)
    {
        using var span = tracing.Publish(room, message);
        if (span is { Recorded: true })
            message = message.WithTraceParent(span.Id);
        var scope = capacity != 0 ? RefScope.Current : null;
        UInt128? digest = scope is not null && message.IdempotencyKey is null ? IdempotencyKey.Digest(room, message) : null;
        if (digest is { } known)
            message = message.WithIdempotencyKey(scope!.KeyOf(known));

        // Measured here, so that storing counts once, whether the backplane stores the message itself or uses a history.
        var began = metrics.Begin();
        try
        {
            var position = await backplane.PublishAsync(room, message, capacity, cancellationToken).ConfigureAwait(false);
            metrics.Published(capacity != 0, began, null);
            if (position is { } stored)
            {
                span?.SetTag("messaging.message.id", stored.ToString());
                scope?.Stored(room, stored);
            }

            return position;
        }
        catch (Exception e)
        {
            if (digest is { } taken)
                scope!.TakeBack(taken, message.IdempotencyKey!);
            metrics.Published(capacity != 0, began, e);
            ChatKitTracing.Fail(span, e);
            throw;
        }
    }
}
