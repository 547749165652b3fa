namespace ChatKit.Monitor.Reports;

/// <summary>What the page shows of all nodes.</summary>
/// <param name="At">When the nodes were asked.</param>
/// <param name="Unanswered">The number of nodes that haven't answered in time; null if the number of nodes isn't known.</param>
/// <param name="IsAlone">Whether the other nodes can't be asked. Then the page shows this node.</param>
/// <param name="Nodes">The nodes that have answered.</param>
/// <param name="Rooms">The most active rooms.</param>
/// <param name="RoomCount">The number of rooms, whatever their names contain: at least those of the node that has most.</param>
/// <param name="HasMoreRooms">Whether there can be more rooms than that, because the nodes list only their most active ones.</param>
/// <param name="Connections">The slowest connections, and then the newest.</param>
internal sealed record Overview(
    DateTimeOffset At,
    int? Unanswered,
    bool IsAlone,
    IReadOnlyList<NodeReport> Nodes,
    IReadOnlyList<RoomReport> Rooms,
    int RoomCount,
    bool HasMoreRooms,
    IReadOnlyList<ConnectionReport> Connections);
