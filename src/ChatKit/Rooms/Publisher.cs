namespace ChatKit.Rooms;

/// <summary>Publishes what handlers and the application broadcast.</summary>
internal sealed class Publisher(IBackplane backplane)
{
    /// <param name="room">The room's name.</param>
    /// <param name="message">The message.</param>
    /// <param name="capacity">How many messages the room's history keeps; 0 = do not store; null = as many as before.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public ValueTask PublishAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken = default)
    {
        return capacity != 0 && RefScope.Current is { } scope
            ? StoreAsync(scope)
            : Discard(backplane.PublishAsync(room, message, capacity, cancellationToken));

        async ValueTask StoreAsync(RefScope scope)
        {
            var keyed = message.WithIdempotencyKey(scope.NextKey());
            if (await backplane.PublishAsync(room, keyed, capacity, cancellationToken).ConfigureAwait(false) is { } position)
                scope.Stored(room, position);
        }

        static async ValueTask Discard(ValueTask<MessagePosition?> publishing) => await publishing.ConfigureAwait(false);
    }
}
