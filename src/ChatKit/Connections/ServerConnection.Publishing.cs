using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;

namespace ChatKit.Connections;

/// <content>What the handler publishes in rooms.</content>
internal sealed partial class ServerConnection
{
    private HandledText _handledText;

    /// <summary>Sets the message that the handler is handling; the default for none.</summary>
    public void SetHandled(in WebSocketMessage message) =>
        _handledText.Set(message.Type == WebSocketMessageType.Text ? message.Data : default);

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
        var handled = HandledMessage.Of(this);
        var message = Outgoing.Text(text, _services.Clock.GetUtcNow(), this, options?.Audience ?? default, _handledText.Find(text));
        if (IsJson(message.Data, options?.IsJson, handled, nameof(text)))
            message = message.AsJson();
        return PublishAsync(message, options, handled, cancellationToken);
    }

    public override ValueTask<MessagePosition?> PublishAsync(
        ReadOnlyMemory<byte> data, BroadcastOptions? options = null, CancellationToken cancellationToken = default)
    {
        var message = options?.IsJson == true
            ? Outgoing.Json(data.Span, _services.Clock.GetUtcNow(), this, options.Audience)
            : Outgoing.Binary(data.Span, _services.Clock.GetUtcNow(), this, options?.Audience ?? default);
        return PublishAsync(message, options, HandledMessage.Of(this), cancellationToken);
    }

    public override ValueTask<bool> EditAsync(
        MessagePosition position, string text, string? room = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return EditAsync(position, text, isJson: null, room, cancellationToken);
    }

    public override ValueTask<bool> EditAsync(
        MessagePosition position, ReadOnlyMemory<byte> data, string? room = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(room, Outgoing.Edit(position, data.Span, _services.Clock.GetUtcNow(), UserId), cancellationToken);

    public override ValueTask<bool> EditJsonAsync(
        MessagePosition position, string json, string? room = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(json);
        return EditAsync(position, json, isJson: true, room, cancellationToken);
    }

    public override ValueTask<bool> DeleteAsync(
        MessagePosition position, string? room = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(room, Outgoing.Deletion(position, _services.Clock.GetUtcNow(), UserId), cancellationToken);

    public override ValueTask SignalAsync(string name, string? data, string? room, CancellationToken cancellationToken) =>
        _services.Publisher.SignalAsync(room ?? HandledMessage.Of(this)?.Room ?? Room, new SignalEvent(name, data, UserId, Id), cancellationToken);

    /// <summary>Whether a text is sent as JSON.</summary>
    /// <param name="text">The text.</param>
    /// <param name="asked">What the handler has asked for; null if the text is JSON only if the handler passes on what it is handling.</param>
    /// <param name="handled">The message that the handler is handling, if it can be JSON.</param>
    /// <param name="parameter">The name of the text's parameter.</param>
    private static bool IsJson(ReadOnlyMemory<byte> text, bool? asked, HandledMessage? handled, string parameter)
    {
        if (asked == true)
            JsonPayload.ThrowIfInvalid(text.Span, parameter);
        return asked ?? handled?.IsJson(text) == true;
    }

    private ValueTask<bool> EditAsync(MessagePosition position, string text, bool? isJson, string? room, CancellationToken cancellationToken)
    {
        var change = Outgoing.Edit(position, text, _services.Clock.GetUtcNow(), UserId);
        if (IsJson(change.Data, isJson, HandledMessage.Of(this), nameof(text)))
            change = change with { IsJson = true };
        return ChangeAsync(room, change, cancellationToken);
    }

    private ValueTask<MessagePosition?> PublishAsync(
        ChatMessage message, BroadcastOptions? options, HandledMessage? handled, CancellationToken cancellationToken)
    {
        var room = options?.Room ?? handled?.Room ?? Room;
        RoomName.ThrowIfInvalid(room, nameof(options));
        int? capacity = options?.Store == false ? 0 : room == Room ? CapacityOf(room) : _services.Options.CapacityElsewhere;
        return _services.Publisher.PublishAsync(room, message, capacity, cancellationToken);
    }

    private ValueTask<bool> ChangeAsync(string? room, MessageChange change, CancellationToken cancellationToken)
    {
        room ??= HandledMessage.Of(this)?.Room ?? Room;
        RoomName.ThrowIfInvalid(room);
        return _services.Publisher.ChangeAsync(room, change, cancellationToken);
    }
}
