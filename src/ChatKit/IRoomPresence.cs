namespace ChatKit;

/// <summary>
/// Knows who is in a room, on all nodes: the users of the connections that have come through endpoints with
/// <see cref="WebSocketConnectionOptions.TrackPresence"/>. Take it from the services.
/// </summary>
public interface IRoomPresence
{
    /// <summary>
    /// Who is in a room: user ids, and the connection ids of those who are nobody. Each once, however many connections they have. Those
    /// who have left within the last 5 seconds are still there, because they may come back; those of a node that has crashed,
    /// for up to 45 seconds.
    /// </summary>
    /// <param name="room">The room's name.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="HistoryUnavailableException">The store cannot be reached.</exception>
    ValueTask<IReadOnlyCollection<string>> ListAsync(string room, CancellationToken cancellationToken = default);
}
