using ChatKit.Rooms;

namespace ChatKit.Connections;

internal sealed class NodeInspector(ConnectionRegistry connections, RoomRegistry rooms) : INodeInspector
{
    public IEnumerable<IOpenConnection> GetConnections() => connections.Snapshot();

    public IReadOnlyCollection<IOpenConnection> GetConnections(string room, int limit)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return Find(room) is { } found ? [.. found.Clients(limit).OfType<IOpenConnection>()] : [];
    }

    public IEnumerable<RoomStatistics> GetRooms() =>
        rooms.All.Where(static room => !RoomName.IsOfUser(room.Name)).Select(static room => room.Measure());

    public RoomStatistics? FindRoom(string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        return Find(room)?.Measure();
    }

    private Room? Find(string name) => RoomName.IsOfUser(name) ? null : rooms.Find(name);
}
