using System.Net.WebSockets;

namespace ChatKit.Testing.Tests.Contracts;

/// <summary>Does what another history does, unless a test replaces a method.</summary>
internal sealed class MutantHistory(IMessageHistory inner) : IMessageHistory
{
    public Func<string, string> Room { get; init; } = static room => room;

    public Func<string, ChatMessage, int?, CancellationToken, ValueTask<AppendResult>> Append { get; init; } = inner.AppendAsync;

    /// <summary>Replaces each message that is stored.</summary>
    public Func<ChatMessage, ChatMessage> Message { get; init; } = static message => message;

    public Func<int?, int?> Capacity { get; init; } = static capacity => capacity;

    /// <summary>Replaces each page that is read. The first parameter is the position of the reader.</summary>
    public Func<StreamPosition?, HistoryPage, HistoryPage> Page { get; init; } = static (_, page) => page;

    public Func<StreamPosition?, StreamPosition?> After { get; init; } = static after => after;

    public Func<int?, int?> Limit { get; init; } = static limit => limit;

    public Func<OlderMessages, OlderMessages> Older { get; init; } = static older => older;

    public Func<string, MessageChange, CancellationToken, ValueTask<ChangeResult>> Change { get; init; } = inner.ChangeAsync;

    public bool IsCancelable { get; init; } = true;

    public ValueTask<AppendResult> AppendAsync(string room, ChatMessage message, int? capacity, CancellationToken cancellationToken) =>
        Append(
            room is null or "" ? room! : Room(room),
            message is null ? null! : Message(message),
            Capacity(capacity),
            IsCancelable ? cancellationToken : CancellationToken.None);

    public ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken) =>
        ReadAsync(room, after is { } position ? new StreamPosition(position) : null, null, cancellationToken);

    public async ValueTask<HistoryPage> ReadAsync(string room, StreamPosition? after, int? limit, CancellationToken cancellationToken) =>
        Page(after, await inner.ReadAsync(
            room is null or "" ? room! : Room(room), After(after), Limit(limit), IsCancelable ? cancellationToken : CancellationToken.None));

    public async ValueTask<OlderMessages> ReadBeforeAsync(string room, MessagePosition? before, int limit, CancellationToken cancellationToken) =>
        Older(await inner.ReadBeforeAsync(Room(room), before, limit, cancellationToken));

    public ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken) =>
        Change(Room(room), change, cancellationToken);

    /// <summary>A copy of a message, as a store makes it.</summary>
    public static ChatMessage Copy(
        ChatMessage message,
        WebSocketMessageType? type = null,
        ReadOnlyMemory<byte>? data = null,
        DateTimeOffset? at = null,
        bool withSender = true,
        bool withConnection = true,
        bool withAudience = true,
        bool withKey = true,
        bool withJson = true,
        bool withRevision = true,
        bool withChange = true,
        bool withDeletion = true) =>
        new(type ?? message.Type, data ?? message.Data, at ?? message.At)
        {
            From = withSender ? message.From : null,
            ConnectionId = withConnection ? message.ConnectionId : null,
            Audience = withAudience ? message.Audience : Audience.Everyone,
            IdempotencyKey = withKey ? message.IdempotencyKey : null,
            IsJson = withJson && message.IsJson,
            Position = message.Position,
            TraceParent = message.TraceParent,
            Revision = withRevision ? message.Revision : null,
            ChangedAt = withChange ? message.ChangedAt : null,
            ChangedBy = withChange ? message.ChangedBy : null,
            IsDeleted = withDeletion && message.IsDeleted,
        };
}
