namespace ChatKit;

/// <summary>
/// Lists the connections and the rooms of this node, for monitoring. It is a thread-safe singleton. Get it by dependency injection. It reads what
/// the node keeps anyway, so it costs nothing until you call it.
/// </summary>
public interface INodeInspector
{
    /// <summary>Lists the open connections of this node, also those that last for one request, in no particular order.</summary>
    IEnumerable<IOpenConnection> GetConnections();

    /// <summary>Lists connections of this node that are in a room, in no particular order.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="limit">The maximum number of connections, 1 or more.</param>
    /// <returns>The connections; none if the room has no members on this node.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is less than 1.</exception>
    IReadOnlyCollection<IOpenConnection> GetConnections(string room, int limit);

    /// <summary>
    /// Lists the rooms that have members on this node, in no particular order, without the rooms that ChatKit keeps for users. Each room is
    /// measured when the enumeration reaches it.
    /// </summary>
    IEnumerable<RoomStatistics> GetRooms();

    /// <summary>Finds a room by its name.</summary>
    /// <param name="room">The room's name.</param>
    /// <returns>The room's statistics; null if it has no members on this node.</returns>
    RoomStatistics? FindRoom(string room);
}
