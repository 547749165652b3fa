using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ChatKit.Client.Protocol;
using ChatKit.Client.Rooms;
using ChatKit.Client.Subscriptions;

namespace ChatKit.Client;

/// <summary>What an application can do in a room. Its members are thread-safe.</summary>
public abstract class ChatConversation
{
    private readonly RoomState? _state; // null for the home room

    private protected ChatConversation(Session session, RoomState? state) => (Session, _state) = (session, state);

    /// <summary>The last position that the client has received; null if there is none.</summary>
    public MessagePosition? Position
    {
        get
        {
            lock (Session.Gate)
                return (_state ?? (Session.Home is { } home ? Session.Rooms.Find(home) : null))?.Position;
        }
    }

    private protected Session Session { get; }

    /// <summary>What the server hasn't acknowledged, in order: in this room, or in all rooms.</summary>
    public IReadOnlyList<PendingMessage> GetPending()
    {
        lock (Session.Gate)
            return Session.Outbox.Pending(_state?.Name, Session.Home);
    }

    /// <summary>
    /// Reports what happens: in this room, or in all rooms. The events that precede the first call wait for it; each further call receives the
    /// events that follow it. The sequence ends when the client is disposed, or leaves the room.
    /// </summary>
    /// <param name="cancellationToken">Ends the sequence.</param>
    /// <remarks>
    /// A reader that is slower than the server gets <see cref="EventsDropped"/> in place of what exceeds
    /// <see cref="ChatClientOptions.MaxQueuedEvents"/>. It never delays the client or another reader.
    /// </remarks>
    public IAsyncEnumerable<ChatEvent> Events(CancellationToken cancellationToken = default) => Hub.Read(cancellationToken);

    /// <summary>Sends a text, now or when there is a connection, and again until the server has acknowledged it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Ends the wait for the outcome. The message is sent nevertheless.</param>
    /// <returns>The position at which the message is stored; <see cref="MessagePosition.None"/> if the server stored nothing.</returns>
    /// <exception cref="ChatException">The server refused the message, its outcome is unknown, or too many messages wait.</exception>
    public async Task<MessagePosition> SendAsync(string text, CancellationToken cancellationToken = default) =>
        await AddAsync("message", null, Payload.Of(NotNull(text)), cancellationToken).ConfigureAwait(false);

    /// <summary>Sends bytes, like <see cref="SendAsync(string, CancellationToken)"/>.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Ends the wait for the outcome. The message is sent nevertheless.</param>
    /// <returns>The position at which the message is stored; <see cref="MessagePosition.None"/> if the server stored nothing.</returns>
    /// <exception cref="ChatException">The server refused the message, its outcome is unknown, or too many messages wait.</exception>
    public async Task<MessagePosition> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        await AddAsync("message", null, Payload.Of(bytes), cancellationToken).ConfigureAwait(false);

    /// <summary>Sends a value as JSON, like <see cref="SendAsync(string, CancellationToken)"/>.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="value">The value.</param>
    /// <param name="type">Describes the type, such as a property of your <c>JsonSerializerContext</c>.</param>
    /// <param name="cancellationToken">Ends the wait for the outcome. The message is sent nevertheless.</param>
    /// <returns>The position at which the message is stored; <see cref="MessagePosition.None"/> if the server stored nothing.</returns>
    /// <exception cref="ChatException">The server refused the message, its outcome is unknown, or too many messages wait.</exception>
    public async Task<MessagePosition> SendAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default) =>
        await AddAsync("message", null, ToJson(value, type), cancellationToken).ConfigureAwait(false);

    /// <summary>Replaces the content of a message by a text. The server's handler decides who may do so.</summary>
    /// <param name="position">The position of the message.</param>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Ends the wait for the outcome. The edit is sent nevertheless.</param>
    /// <exception cref="ChatException">
    /// The server refused the edit, for example with <see cref="ChatErrorCodes.Gone"/>, its outcome is unknown, or too many messages wait.
    /// </exception>
    public Task EditAsync(MessagePosition position, string text, CancellationToken cancellationToken = default) =>
        AddAsync("edit", position, Payload.Of(NotNull(text)), cancellationToken);

    /// <summary>Replaces the content of a message by bytes, like <see cref="EditAsync(MessagePosition, string, CancellationToken)"/>.</summary>
    /// <param name="position">The position of the message.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Ends the wait for the outcome. The edit is sent nevertheless.</param>
    /// <exception cref="ChatException">The server refused the edit, its outcome is unknown, or too many messages wait.</exception>
    public Task EditAsync(MessagePosition position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        AddAsync("edit", position, Payload.Of(bytes), cancellationToken);

    /// <summary>Replaces the content of a message by JSON, like <see cref="EditAsync(MessagePosition, string, CancellationToken)"/>.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="position">The position of the message.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">Describes the type, such as a property of your <c>JsonSerializerContext</c>.</param>
    /// <param name="cancellationToken">Ends the wait for the outcome. The edit is sent nevertheless.</param>
    /// <exception cref="ChatException">The server refused the edit, its outcome is unknown, or too many messages wait.</exception>
    public Task EditAsync<T>(MessagePosition position, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default) =>
        AddAsync("edit", position, ToJson(value, type), cancellationToken);

    /// <summary>Deletes the content of a message, like <see cref="EditAsync(MessagePosition, string, CancellationToken)"/>.</summary>
    /// <param name="position">The position of the message.</param>
    /// <param name="cancellationToken">Ends the wait for the outcome. The deletion is sent nevertheless.</param>
    /// <exception cref="ChatException">The server refused the deletion, its outcome is unknown, or too many messages wait.</exception>
    public Task DeleteAsync(MessagePosition position, CancellationToken cancellationToken = default) =>
        AddAsync("delete", position, default, cancellationToken);

    /// <summary>
    /// Sends a signal to the others in the room, at most one with each name in 2 seconds, and none without a connection. So you can call it on
    /// each key stroke.
    /// </summary>
    /// <param name="name">The name, 1 to 32 characters, such as <c>typing</c>.</param>
    /// <param name="data">The data, at most 1 KiB of UTF-8.</param>
    public void Signal(string name, string? data = null) => Session.Exchanges.Signal(_state, NotNull(name), data);

    /// <summary>
    /// States that the user has read the room up to a position, if the endpoint tracks it. Call it for each message that the user sees: the
    /// client sends the latest position, at most once a second.
    /// </summary>
    /// <param name="position">The position.</param>
    public void MarkRead(MessagePosition position) => Session.Exchanges.MarkRead(_state, position);

    /// <summary>
    /// Gets messages that are older than those that the client has reported. Each call continues where the previous one ended. Nothing waits for
    /// a connection.
    /// </summary>
    /// <param name="limit">The maximum number of messages, 1 to 1,000.</param>
    /// <param name="before">The position before which to start; null for the oldest one that the client has reported.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is less than 1 or greater than 1,000.</exception>
    /// <exception cref="ChatException">There is no connection, it was lost, or the server refused the request.</exception>
    public Task<OlderMessages> GetOlderAsync(int limit = 50, MessagePosition? before = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 1_000);
        return Session.Exchanges.GetOlderAsync(_state, limit, before).WaitAsync(cancellationToken);
    }

    private protected virtual EventHub Hub => Session.Events;

    private async Task<MessagePosition> AddAsync(string type, MessagePosition? position, Payload payload, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(Session.IsDisposed, typeof(ChatClient));
        return await Session.Outbox.AddAsync(type, _state?.Name, position, payload, Check).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private ChatException? Check() => _state is { } state && !Session.Rooms.Entrance.IsJoined(state)
        ? new ChatException(ChatErrorCodes.NotJoined, "The client has left the room.")
        : null;

    private static T NotNull<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }

    private static Payload ToJson<T>(T value, JsonTypeInfo<T> type) => Payload.OfJson(JsonSerializer.SerializeToUtf8Bytes(value, NotNull(type)));
}

/// <summary>
/// A room that the client has joined. It joins the room again on each connection, until <see cref="LeaveAsync"/> is called, or the server takes
/// it out of the room (<see cref="RoomLeft"/>).
/// </summary>
public sealed class JoinedRoom : ChatConversation
{
    private readonly RoomState _state;
    private readonly EventHub _events;

    internal JoinedRoom(Session session, RoomState state)
        : base(session, state) => (_state, _events) = (state, state.Membership!.Events);

    /// <summary>The name of the room.</summary>
    public string Name => _state.Name;

    private protected override EventHub Hub => _events;

    /// <summary>
    /// Leaves the room. Its events end at once, and its position is forgotten. Messages that the server hasn't answered still get their outcome.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for the server's answer.</param>
    public Task LeaveAsync(CancellationToken cancellationToken = default)
    {
        lock (Session.Gate)
            return Session.Rooms.Entrance.LeaveAsync(_state).WaitAsync(cancellationToken);
    }
}
