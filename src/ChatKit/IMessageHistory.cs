namespace ChatKit;

/// <summary>
/// Keeps the last messages of each room. Implementations must be thread-safe. The default keeps them in memory; <c>AddRedis</c> registers
/// one that keeps them in Redis. To store messages in your own database, register a singleton, before or after <c>AddChatKit()</c> and
/// <c>AddRedis()</c>. With <c>AddRedis</c>, your database then stores the messages and Redis carries them between the nodes.
/// </summary>
/// <remarks>
/// Besides the application's rooms, ChatKit uses one room of its own, in which it stores which users were disconnected. The name of this
/// room begins with U+0001.
/// </remarks>
public interface IMessageHistory
{
    /// <summary>Appends a message to a room, removes the oldest messages beyond the capacity, and assigns the message its position.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="message">The message; its own <see cref="ChatMessage.Position"/> is ignored.</param>
    /// <param name="capacity">
    /// The minimum number of messages that the room keeps, 1 or more. The largest number that any append has passed applies, because
    /// applications that share a room must not trim each other's messages. Null: that number, or
    /// <see cref="ChatKitOptions.HistoryCapacity"/> if no append has passed one.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be stored.</param>
    /// <returns>
    /// The position: one more than the room's last position, or 1 in a new epoch if the room has none. If a message with the same
    /// <see cref="ChatMessage.IdempotencyKey"/> was stored within the last 5 minutes, the position of that message. A room whose messages
    /// have expired should continue its positions, so that clients that missed nothing can detect this; but it may begin a new epoch.
    /// </returns>
    /// <exception cref="HistoryUnavailableException">The store can't be reached, or refuses to store the message.</exception>
    ValueTask<AppendResult> AppendAsync(
        string room, ChatMessage message, int? capacity = null, CancellationToken cancellationToken = default);

    /// <summary>Reads a consistent snapshot of the messages that a room has stored after a position.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="after">The reader's last position; null if it has none and reads all stored messages.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>
    /// The page. A history that implements <see cref="ChangeAsync"/> must set <see cref="HistoryPage.Revision"/>: ChatKit reads the changes
    /// only if there are any.
    /// </returns>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads a consistent snapshot of the messages that a room has stored after a position, and of the changes to those before it. The
    /// default implementation reads no changes, which is right for a history that doesn't implement <see cref="ChangeAsync"/>.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="after">
    /// How far the reader has followed the room; null if it has no position. A reader that knows no revision receives every stored message
    /// up to its position that was ever changed. If the reader's revision is beyond the room's, the store has lost changes: the reader
    /// starts again, as with a position beyond the top.
    /// </param>
    /// <param name="limit">The maximum number of messages, the latest, for a reader without a position; null for all. Otherwise ignored.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    ValueTask<HistoryPage> ReadAsync(string room, StreamPosition? after, int? limit, CancellationToken cancellationToken = default) =>
        ReadAsync(room, after?.Message, cancellationToken);

    /// <summary>
    /// Reads the latest messages before a position, in one round trip. The default implementation reads all stored messages.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="before">The position before which to read; null to read the room's latest messages.</param>
    /// <param name="limit">The maximum number of messages, 1 or more.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The messages as they are now; none if <paramref name="before"/> isn't in the room's current stream.</returns>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    async ValueTask<OlderMessages> ReadBeforeAsync(
        string room, MessagePosition? before, int limit, CancellationToken cancellationToken = default) =>
        OlderMessages.Of((await ReadAsync(room, null, cancellationToken).ConfigureAwait(false)).Messages, before, limit);

    /// <summary>
    /// Replaces the payload of a stored message, or removes it from the store, and assigns the change its revision. The message keeps its
    /// position and its place. The default implementation throws <see cref="NotSupportedException"/>.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="change">The change.</param>
    /// <param name="cancellationToken">Cancels the wait. The change may still be stored.</param>
    /// <returns>The message after the change, with a revision of one more than the room's last one.</returns>
    /// <exception cref="HistoryUnavailableException">The store can't be reached, or refuses to store the change.</exception>
    /// <exception cref="NotSupportedException">The history can't change messages.</exception>
    ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(
            $"{GetType().Name} can't edit or delete messages. Implement {nameof(IMessageHistory)}.{nameof(ChangeAsync)}.");
}
