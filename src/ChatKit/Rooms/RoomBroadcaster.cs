using System.Net.WebSockets;
using ChatKit.ChatKitV1;
using ChatKit.History;
using ChatKit.Rooms.Events;
using ChatKit.WebSockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ChatKit.Rooms;

/// <summary>Publishes messages of the application itself.</summary>
internal sealed class RoomBroadcaster(
    Publisher publisher,
    IBackplane backplane,
    DisconnectLog disconnects,
    UserRooms userRooms,
    IOptions<ChatKitOptions> options,
    TimeProvider clock,
    ILogger<Room> logger) : IRoomBroadcaster
{
    private const int MaxKeyLength = 255;

    private static readonly RoomBroadcastOptions Default = new();
    private static readonly RoomBroadcastOptions Ephemeral = new() { Store = false };

    public ValueTask<MessagePosition?> BroadcastAsync(string room, string text, CancellationToken cancellationToken) =>
        BroadcastAsync(room, text, Default, cancellationToken);

    public ValueTask<MessagePosition?> BroadcastAsync(
        string room, string text, RoomBroadcastOptions options, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        ThrowIfInvalid(options);
        var message = Text(text);
        if (options.IsJson)
        {
            JsonPayload.ThrowIfInvalid(message.Data.Span, nameof(text));
            message = message.AsJson();
        }

        return PublishAsync(room, message, options, cancellationToken);
    }

    public ValueTask<MessagePosition?> BroadcastAsync(string room, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        BroadcastAsync(room, data, Default, cancellationToken);

    public ValueTask<MessagePosition?> BroadcastAsync(
        string room, ReadOnlyMemory<byte> data, RoomBroadcastOptions options, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        ThrowIfInvalid(options);
        var message = options.IsJson ? Outgoing.Json(data.Span, clock.GetUtcNow()) : Binary(data);
        return PublishAsync(room, message, options, cancellationToken);
    }

    public ValueTask<bool> EditAsync(string room, MessagePosition position, string text, string? by, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        ArgumentNullException.ThrowIfNull(text);
        return publisher.ChangeAsync(room, Outgoing.Edit(position, text, clock.GetUtcNow(), by), cancellationToken);
    }

    public ValueTask<bool> EditAsync(
        string room, MessagePosition position, ReadOnlyMemory<byte> data, string? by, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        return publisher.ChangeAsync(room, Outgoing.Edit(position, data.Span, clock.GetUtcNow(), by), cancellationToken);
    }

    public ValueTask<bool> DeleteAsync(string room, MessagePosition position, string? by, CancellationToken cancellationToken)
    {
        RoomName.ThrowIfInvalid(room);
        return publisher.ChangeAsync(room, Outgoing.Deletion(position, clock.GetUtcNow(), by), cancellationToken);
    }

    public async ValueTask SendToUserAsync(string userId, string text, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        await PublishAsync(RoomName.OfUser(userId), Text(text), Ephemeral, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask SendToUserAsync(string userId, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        await PublishAsync(RoomName.OfUser(userId), Binary(data), Ephemeral, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask SignalAsync(string room, string name, string? data, CancellationToken cancellationToken) =>
        publisher.SignalAsync(room, new SignalEvent(name, data), cancellationToken);

    public async ValueTask DisconnectUserAsync(
        string userId, WebSocketCloseStatus status, string? reason, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        CloseArguments.ThrowIfInvalid(status, reason);
        var notice = new DisconnectEvent(status, reason);
        await disconnects.AddAsync(userId, notice, cancellationToken).ConfigureAwait(false);
        await AnnounceStoredAsync(userId, notice).ConfigureAwait(false);
    }

    public async ValueTask JoinUserAsync(string userId, string room, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        RoomName.ThrowIfInvalid(room);
        cancellationToken.ThrowIfCancellationRequested();
        var command = Announcement.Encode(new UserCommand.Join(room));
        await backplane.AnnounceAsync(RoomName.OfUser(userId), command, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask LeaveUserAsync(string userId, string room, string? reason, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        RoomName.ThrowIfInvalid(room);
        CloseArguments.ThrowIfReasonTooLong(reason);
        var command = new UserCommand.Leave(room, reason);
        var entry = await disconnects.AddAsync(userId, command, cancellationToken).ConfigureAwait(false);
        await AnnounceStoredAsync(userId, command with { Entry = entry }).ConfigureAwait(false);
    }

    public ValueTask<IReadOnlyCollection<string>> GetRoomsAsync(string userId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        return userRooms.GetAsync(userId, cancellationToken);
    }

    /// <summary>Announces a stored command to the nodes of a user.</summary>
    private async ValueTask AnnounceStoredAsync(string userId, RoomEvent command)
    {
        try
        {
            await backplane.AnnounceAsync(RoomName.OfUser(userId), Announcement.Encode(command), CancellationToken.None).ConfigureAwait(false);
        }
        catch (HistoryUnavailableException e)
        {
            // The entry is stored, so every node finds it.
            logger.DisconnectNotAnnounced(e);
        }
    }

    private static void ThrowIfInvalid(RoomBroadcastOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.IdempotencyKey is { Length: 0 or > MaxKeyLength } key)
        {
            throw new ArgumentException(
                $"An idempotency key has 1 to {MaxKeyLength} characters; this one has {key.Length}. Leave it null if the message needs none.",
                nameof(options));
        }
    }

    private ChatMessage Text(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Outgoing.Text(text, clock.GetUtcNow());
    }

    private ChatMessage Binary(ReadOnlyMemory<byte> data) => Outgoing.Binary(data.Span, clock.GetUtcNow());

    private ValueTask<MessagePosition?> PublishAsync(
        string room, ChatMessage message, RoomBroadcastOptions how, CancellationToken cancellationToken)
    {
        if (how.From is not null)
            message = message.WithSender(how.From);
        if (how is { Store: true, IdempotencyKey: { } key })
            message = message.WithIdempotencyKey(IdempotencyKey.OfApplication(key));
        return publisher.PublishAsync(room, message, how.Store ? options.Value.CapacityElsewhere : 0, cancellationToken);
    }
}
