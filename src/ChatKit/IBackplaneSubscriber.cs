namespace ChatKit;

/// <summary>Receives what a backplane carries. The methods return without blocking and never throw.</summary>
public interface IBackplaneSubscriber
{
    /// <summary>
    /// Called when a message was published, or was changed. Calls for one room never run concurrently. Stored messages should arrive in the
    /// order of their positions, and changes in the order of their revisions.
    /// </summary>
    /// <param name="message">
    /// The message. Its position is null if the message is ephemeral. Its <see cref="ChatMessage.Revision"/> is null unless this is a change.
    /// </param>
    void OnMessage(ChatMessage message);

    /// <summary>
    /// Called when an announcement was published. For one room, calls of this method and of <see cref="OnMessage"/> never run concurrently.
    /// </summary>
    /// <param name="announcement">The bytes that were passed to <see cref="IBackplane.AnnounceAsync"/>.</param>
    void OnAnnouncement(ReadOnlyMemory<byte> announcement);

    /// <summary>Called when the connection to the other nodes was lost and is restored. Messages may be missing.</summary>
    void OnReconnected();
}
