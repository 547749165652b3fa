namespace ChatKit;

/// <summary>
/// Carries messages to every node that has members of a room. It is a hint, the history is the truth: a room notices what a
/// backplane lost, doubled or swapped by the messages' positions. Safe to call from many threads. The default stays in this process;
/// <c>AddRedis</c> registers one that spans nodes. To use your own, register it as a singleton, before or after <c>AddChatKit()</c> and
/// <c>AddRedis()</c>; take the <see cref="IMessageHistory"/> from its constructor to store messages.
/// </summary>
/// <remarks>
/// A message is carried whole by its public properties: <see cref="ChatMessage.Type"/>, <see cref="ChatMessage.Data"/>,
/// <see cref="ChatMessage.At"/>, <see cref="ChatMessage.From"/>, <see cref="ChatMessage.ConnectionId"/>,
/// <see cref="ChatMessage.Audience"/>, <see cref="ChatMessage.Position"/> and <see cref="ChatMessage.TraceParent"/>. Besides the rooms of the
/// application there are rooms of ChatKit, one for each user; their names begin with U+0001 and may be longer than
/// <see cref="RoomName.MaxLength"/>.
/// </remarks>
public interface IBackplane
{
    /// <summary>Stores a message, unless told not to, and hands it to every subscriber of the room, those of this node included.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="message">The message, without a position.</param>
    /// <param name="capacity">How many messages the room's history keeps; 0 = do not store; null = as many as before.</param>
    /// <param name="cancellationToken">Stops waiting. The message may have been published all the same.</param>
    /// <returns>
    /// The position of the stored message, or null if it was not to be stored. One that the history knows by its
    /// <see cref="ChatMessage.IdempotencyKey"/> is handed to nobody again; its position is the first one.
    /// </returns>
    /// <exception cref="HistoryUnavailableException">
    /// The message could not be stored, or, if it was not to be, not be handed to the other nodes; nobody receives it.
    /// </exception>
    ValueTask<MessagePosition?> PublishAsync(
        string room, ChatMessage message, int? capacity = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Hands an announcement of ChatKit, such as who has come or that a user is to be disconnected, to every subscriber of a room, those of
    /// this node included. It is never stored. Announcements and messages of one publisher in one room arrive in the order in which they
    /// were published.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="announcement">The bytes, for ChatKit alone to read. At most a few kilobytes.</param>
    /// <param name="cancellationToken">Stops waiting. The announcement may have been handed over all the same.</param>
    /// <exception cref="HistoryUnavailableException">The announcement could not be handed to the other nodes.</exception>
    ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken = default);

    /// <summary>
    /// Subscribes to a room. What is published after this has returned reaches the subscriber. While the other nodes cannot be reached it
    /// is subscribed all the same, and <see cref="IBackplaneSubscriber.OnReconnected"/> is called as soon as they can.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="subscriber">Receives the messages.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The subscription. Disposing of it ends it; a call that is under way may still come through.</returns>
    ValueTask<IAsyncDisposable> SubscribeAsync(
        string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken = default);
}
