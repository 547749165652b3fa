namespace ChatKit;

/// <summary>
/// Says how much of its rooms a user has not read, on all nodes. It covers what users have read through endpoints with
/// <see cref="WebSocketConnectionOptions.TrackReads"/>. Get it by dependency injection.
/// </summary>
public interface IRoomReads
{
    /// <summary>
    /// Counts the stored messages that a user has not read, in each of several rooms. The user doesn't have to be connected. A room in which
    /// the user has read nothing counts all of its stored messages.
    /// </summary>
    /// <param name="userId">The user's id.</param>
    /// <param name="rooms">The rooms' names. A name that occurs twice is counted once.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The number of unread messages by room.</returns>
    /// <remarks>
    /// With Redis, all rooms are asked about at once, in one round trip. With an <see cref="IMessageHistory"/> of your own, each room costs a
    /// read of the messages after the user's cursor.
    /// </remarks>
    /// <exception cref="ArgumentException"><paramref name="userId"/> is empty, or a room's name isn't valid.</exception>
    /// <exception cref="HistoryUnavailableException">The store can't be reached.</exception>
    ValueTask<IReadOnlyDictionary<string, int>> GetUnreadAsync(
        string userId, IEnumerable<string> rooms, CancellationToken cancellationToken = default);
}
