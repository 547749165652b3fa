namespace ChatKit;

/// <summary>Receives what a backplane carries. Its methods return at once and never throw.</summary>
public interface IBackplaneSubscriber
{
    /// <summary>A message was published. Calls for one room come one at a time, stored messages in the order of their positions.</summary>
    /// <param name="message">The message; its position is null if it is ephemeral.</param>
    void OnMessage(ChatMessage message);

    /// <summary>Something was announced. Calls for one room come one at a time, together with those of <see cref="OnMessage"/>.</summary>
    /// <param name="announcement">The bytes that <see cref="IBackplane.AnnounceAsync"/> was given.</param>
    void OnAnnouncement(ReadOnlyMemory<byte> announcement);

    /// <summary>The connection to the other nodes was lost and is back: messages may be missing.</summary>
    void OnReconnected();
}
