namespace ChatKit;

/// <summary>
/// Keeps the last messages of each room. Safe to call from many threads. The default keeps them in memory; <c>AddRedis</c> registers one
/// in Redis. To store messages in a database of your own, register a singleton, before or after <c>AddChatKit()</c> and <c>AddRedis()</c>;
/// with <c>AddRedis</c> the messages are then stored in your database, and carried between the nodes by Redis.
/// </summary>
/// <remarks>
/// Besides the rooms of the application there is one of ChatKit, in which it stores who was disconnected; its name begins with U+0001.
/// </remarks>
public interface IMessageHistory
{
    /// <summary>Appends a message to a room, drops the oldest ones beyond the capacity, and gives the message its position.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="message">The message; its own <see cref="ChatMessage.Position"/> is ignored.</param>
    /// <param name="capacity">
    /// How many messages the room keeps at least, 1 or more. The largest number that an append has named counts: applications that share a
    /// room must not trim each other's messages. Null: that number, or <see cref="ChatKitOptions.HistoryCapacity"/> if none was named.
    /// </param>
    /// <param name="cancellationToken">Stops waiting. The message may have been stored all the same.</param>
    /// <returns>
    /// The position: one more than the room's last one, or 1 in a new epoch if the room has none; or where the message is already, if one
    /// with its <see cref="ChatMessage.IdempotencyKey"/> was stored within the last 5 minutes. A room whose messages have expired should go
    /// on with its positions, so that clients which have missed nothing can tell; it may begin a new epoch.
    /// </returns>
    /// <exception cref="HistoryUnavailableException">The store cannot be reached or refuses to store.</exception>
    ValueTask<AppendResult> AppendAsync(
        string room, ChatMessage message, int? capacity = null, CancellationToken cancellationToken = default);

    /// <summary>Reads, as of one instant, what a room has stored after a position.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="after">The last position the reader knows. Null: the reader knows none and takes what there is.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="HistoryUnavailableException">The store cannot be reached.</exception>
    ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after = null, CancellationToken cancellationToken = default);
}
