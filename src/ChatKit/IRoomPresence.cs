namespace ChatKit;

/// <summary>
/// Lists who is in a room, on all nodes. It covers connections to endpoints with <see cref="WebSocketConnectionOptions.TrackPresence"/>.
/// Get it by dependency injection.
/// </summary>
public interface IRoomPresence
{
    /// <summary>
    /// Lists who is in a room: the ids of users, and the connection ids of anonymous clients. Each user is listed once, however many
    /// connections it has. A user that left within the last 5 seconds is still listed, because it may come back. A user of a node that
    /// crashed is listed for up to 45 seconds.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    ValueTask<IReadOnlyCollection<string>> ListAsync(string room, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lists who is in a room, as <see cref="ListAsync"/> does, with the data that their handlers have set. The default implementation lists
    /// them without data.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    async ValueTask<IReadOnlyCollection<PresentMember>> ListMembersAsync(string room, CancellationToken cancellationToken = default) =>
        [.. (await ListAsync(room, cancellationToken).ConfigureAwait(false)).Select(static id => new PresentMember(id, null))];

    /// <summary>
    /// Counts who is in a room, without reading the list. In a room with more than 1,000 members, users of a node that crashed can be counted
    /// for a few minutes. The default implementation reads the list.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    async ValueTask<int> CountAsync(string room, CancellationToken cancellationToken = default) =>
        (await ListAsync(room, cancellationToken).ConfigureAwait(false)).Count;
}
