namespace ChatKit.Rooms;

/// <summary>Publishes what the application itself has to say.</summary>
internal sealed class RoomBroadcaster(IBackplane backplane, TimeProvider clock) : IRoomBroadcaster
{
    public ValueTask BroadcastAsync(string room, string text, bool store, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        ArgumentNullException.ThrowIfNull(text);
        return PublishAsync(room, Outgoing.Text(text, clock.GetUtcNow()), store, cancellationToken);
    }

    public ValueTask BroadcastAsync(string room, ReadOnlyMemory<byte> data, bool store, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        return PublishAsync(room, Outgoing.Binary(data.Span, clock.GetUtcNow()), store, cancellationToken);
    }

    public ValueTask SendToUserAsync(string userId, string text, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        ArgumentNullException.ThrowIfNull(text);
        return PublishAsync(RoomName.OfUser(userId), Outgoing.Text(text, clock.GetUtcNow()), store: false, cancellationToken);
    }

    private async ValueTask PublishAsync(string room, ChatMessage message, bool store, CancellationToken cancellationToken) =>
        await backplane.PublishAsync(room, message, store ? null : 0, cancellationToken).ConfigureAwait(false);
}
