namespace ChatKit;

/// <summary>
/// Carries messages to every node that has members of a room. It should deliver a room's messages in the order of their positions. If it
/// loses, duplicates or reorders stored messages, a room detects this by the positions, and reads from the history, which is authoritative.
/// Announcements must keep their order. Implementations must be thread-safe. The default works within
/// this process; <c>AddRedis</c> registers one that spans nodes. To use your own, register it as a singleton, before or after
/// <c>AddChatKit()</c> and <c>AddRedis()</c>. To store messages, inject the <see cref="IMessageHistory"/> into its constructor.
/// </summary>
/// <remarks>
/// An implementation must carry these properties of a message: <see cref="ChatMessage.Type"/>, <see cref="ChatMessage.Data"/>,
/// <see cref="ChatMessage.At"/>, <see cref="ChatMessage.From"/>, <see cref="ChatMessage.ConnectionId"/>,
/// <see cref="ChatMessage.Audience"/>, <see cref="ChatMessage.IsJson"/>, <see cref="ChatMessage.Position"/> and
/// <see cref="ChatMessage.TraceParent"/>; and, if it implements
/// <see cref="ChangeAsync"/>, <see cref="ChatMessage.Revision"/>, <see cref="ChatMessage.ChangedAt"/>, <see cref="ChatMessage.ChangedBy"/>
/// and <see cref="ChatMessage.IsDeleted"/>. Besides the
/// application's rooms, ChatKit uses rooms of its own, such as one for each user. Their names begin with U+0001 and can be longer than
/// <see cref="RoomName.MaxLength"/>.
/// </remarks>
public interface IBackplane
{
    /// <summary>
    /// Stores a message, unless <paramref name="capacity"/> is 0, and delivers it to every subscriber of the room, including those on this
    /// node.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="message">The message, without a position.</param>
    /// <param name="capacity">
    /// The number of messages that the room's history keeps; 0 if the message isn't stored; null to leave the number unchanged.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait. The message may still be published.</param>
    /// <returns>
    /// The position of the stored message; null if it isn't stored. A message whose <see cref="ChatMessage.IdempotencyKey"/> the history
    /// already has isn't delivered again; the result is the position of the first one.
    /// </returns>
    /// <exception cref="HistoryUnavailableException">
    /// The message couldn't be stored, or, if it isn't to be stored, couldn't be sent to the other nodes. It isn't delivered.
    /// </exception>
    ValueTask<MessagePosition?> PublishAsync(
        string room, ChatMessage message, int? capacity = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Changes a stored message, and delivers the changed message to every subscriber of the room, including those on this node. The default
    /// implementation throws <see cref="NotSupportedException"/>.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="change">The change.</param>
    /// <param name="cancellationToken">Cancels the wait. The change may still be made.</param>
    /// <returns>The result of <see cref="IMessageHistory.ChangeAsync"/>. Only a message that was changed is delivered.</returns>
    /// <exception cref="HistoryUnavailableException">The change couldn't be stored. It isn't delivered.</exception>
    /// <exception cref="NotSupportedException">The backplane or the history can't change messages.</exception>
    ValueTask<ChangeResult> ChangeAsync(string room, MessageChange change, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} can't edit or delete messages. Implement {nameof(IBackplane)}.{nameof(ChangeAsync)}.");

    /// <summary>
    /// Delivers an announcement of ChatKit to every subscriber of a room, including those on this node. An announcement says, for example,
    /// that a member joined or that a user must be disconnected. It is never stored. Announcements of one publisher in one room must arrive
    /// in the order in which they were published.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="announcement">The bytes, in a format that is internal to ChatKit. At most a few kilobytes, except for
    /// <see cref="AnnounceToAsync"/>.</param>
    /// <param name="cancellationToken">Cancels the wait. The announcement may still be delivered.</param>
    /// <exception cref="HistoryUnavailableException">The announcement couldn't be sent to the other nodes.</exception>
    ValueTask AnnounceAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken = default);

    /// <summary>
    /// Delivers an announcement as <see cref="AnnounceAsync"/> does, and returns how many nodes it was sent to, so that ChatKit knows how many
    /// answers to wait for. The default implementation returns null: the number isn't known, and ChatKit waits 2 seconds.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="announcement">
    /// The bytes. They can contain a POST of a client, so they can be longer than <see cref="WebSocketConnectionOptions.MaxMessageSize"/> by half.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait. The announcement may still be delivered.</param>
    /// <returns>The number of nodes that have subscribed to the room; null if it isn't known.</returns>
    /// <exception cref="HistoryUnavailableException">The announcement couldn't be sent to the other nodes.</exception>
    async ValueTask<int?> AnnounceToAsync(string room, ReadOnlyMemory<byte> announcement, CancellationToken cancellationToken = default)
    {
        await AnnounceAsync(room, announcement, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// Subscribes to a room. The subscriber receives everything that is published after this method returns. The subscription also succeeds
    /// while the other nodes can't be reached. When they can be reached again, <see cref="IBackplaneSubscriber.OnReconnected"/> is called.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="subscriber">The subscriber that receives the messages.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The subscription. Dispose of it to unsubscribe. A call that is already in progress may still complete.</returns>
    ValueTask<IAsyncDisposable> SubscribeAsync(
        string room, IBackplaneSubscriber subscriber, CancellationToken cancellationToken = default);
}
