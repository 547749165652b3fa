namespace ChatKit.Client;

/// <summary>
/// Keeps the messages that a client has sent and the server hasn't acknowledged. The client calls one method at a time, first
/// <see cref="LoadAsync"/>. A storage belongs to one client.
/// </summary>
public interface IOutboxStorage : IAsyncDisposable
{
    /// <summary>Returns the stored messages, in the order in which they were first saved.</summary>
    /// <param name="cancellationToken">Cancels the operation.</param>
    Task<IReadOnlyList<StoredMessage>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Stores a message, or replaces the one with the same <see cref="StoredMessage.Ref"/> at its place.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    Task SaveAsync(StoredMessage message, CancellationToken cancellationToken);

    /// <summary>Removes a message, if it is stored.</summary>
    /// <param name="reference">The <see cref="StoredMessage.Ref"/> of the message.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    Task RemoveAsync(string reference, CancellationToken cancellationToken);
}

/// <summary>A message in an <see cref="IOutboxStorage"/>.</summary>
/// <param name="Ref">Identifies the message.</param>
/// <param name="Frame">The message, as JSON in UTF-8.</param>
/// <param name="User">The id of the user to whom the message belongs; empty if it is anonymous; null if that isn't known yet.</param>
/// <param name="SentAt">When the message was first sent; null if it wasn't. The server accepts it again for a limited time only.</param>
public sealed record StoredMessage(string Ref, ReadOnlyMemory<byte> Frame, string? User, DateTimeOffset? SentAt);
