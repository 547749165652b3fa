using System.Net.WebSockets;
using ChatKit.Protocol;
using ChatKit.Wire;
using Microsoft.Extensions.Options;

namespace ChatKit.Rooms;

/// <summary>Publishes what the application itself has to say.</summary>
internal sealed class RoomBroadcaster(Publisher publisher, IOptions<ChatKitOptions> options, TimeProvider clock) : IRoomBroadcaster
{
    public ValueTask BroadcastAsync(string room, string text, CancellationToken cancellationToken) =>
        BroadcastAsync(room, text, store: true, cancellationToken);

    public ValueTask BroadcastAsync(string room, string text, bool store, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        return PublishAsync(room, Text(text), store, cancellationToken);
    }

    public ValueTask BroadcastAsync(string room, ReadOnlyMemory<byte> data, bool store, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        return PublishAsync(room, Binary(data), store, cancellationToken);
    }

    public ValueTask SendToUserAsync(string userId, string text, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return PublishAsync(RoomName.OfUser(userId), Text(text), store: false, cancellationToken);
    }

    public ValueTask SendToUserAsync(string userId, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return PublishAsync(RoomName.OfUser(userId), Binary(data), store: false, cancellationToken);
    }

    public ValueTask DisconnectUserAsync(
        string userId, WebSocketCloseStatus status, string? reason, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        CloseArguments.ThrowIfInvalid(status, reason);
        var notice = Outgoing.Notice(new DisconnectNotice(status, reason));
        return PublishAsync(RoomName.OfUser(userId), notice, store: false, cancellationToken);
    }

    private ChatMessage Text(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Outgoing.Text(text, clock.GetUtcNow());
    }

    private ChatMessage Binary(ReadOnlyMemory<byte> data) => Outgoing.Binary(data.Span, clock.GetUtcNow());

    private ValueTask PublishAsync(string room, ChatMessage message, bool store, CancellationToken cancellationToken) =>
        publisher.PublishAsync(room, message, store ? options.Value.CapacityElsewhere : 0, cancellationToken);
}
