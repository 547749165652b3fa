using ChatKit.Rooms;
using ChatKit.Rooms.Events;

namespace ChatKit.Connections;

/// <content>What the handler publishes in rooms.</content>
internal sealed partial class ServerConnection
{
    public override ValueTask BroadcastAsync(
        string text, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(text, options, cancellationToken).WithoutResult();

    public override ValueTask BroadcastAsync(
        ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(data, options, cancellationToken).WithoutResult();

    public override ValueTask<MessagePosition?> PublishAsync(
        string text, BroadcastOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        var message = Outgoing.Text(text, _services.Clock.GetUtcNow(), this, options?.Audience ?? default);
        return PublishAsync(message, options, cancellationToken);
    }

    public override ValueTask<MessagePosition?> PublishAsync(
        ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default)
    {
        var message = Outgoing.Binary(data.Span, _services.Clock.GetUtcNow(), this, options?.Audience ?? default);
        return PublishAsync(message, options, cancellationToken);
    }

    public override ValueTask<bool> EditAsync(
        MessagePosition position, string text, string? room = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return ChangeAsync(room, Outgoing.Edit(position, text, _services.Clock.GetUtcNow(), UserId), cancellationToken);
    }

    public override ValueTask<bool> EditAsync(
        MessagePosition position, ReadOnlyMemory<byte> data, string? room = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(room, Outgoing.Edit(position, data.Span, _services.Clock.GetUtcNow(), UserId), cancellationToken);

    public override ValueTask<bool> DeleteAsync(
        MessagePosition position, string? room = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(room, Outgoing.Deletion(position, _services.Clock.GetUtcNow(), UserId), cancellationToken);

    public override ValueTask SignalAsync(string name, string? data, string? room, CancellationToken cancellationToken) =>
        _services.Publisher.SignalAsync(room ?? HandledRoom.Of(this), new SignalEvent(name, data, UserId, Id), cancellationToken);

    private ValueTask<MessagePosition?> PublishAsync(ChatMessage message, BroadcastOptions? options, CancellationToken cancellationToken)
    {
        var room = options?.Room ?? HandledRoom.Of(this);
        RoomName.ThrowIfInvalid(room, nameof(options));
        int? capacity = options?.Store == false ? 0 : room == Room ? CapacityOf(room) : _services.Options.CapacityElsewhere;
        return _services.Publisher.PublishAsync(room, message, capacity, cancellationToken);
    }

    private ValueTask<bool> ChangeAsync(string? room, MessageChange change, CancellationToken cancellationToken)
    {
        room ??= HandledRoom.Of(this);
        RoomName.ThrowIfInvalid(room);
        return _services.Publisher.ChangeAsync(room, change, cancellationToken);
    }
}
