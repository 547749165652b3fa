namespace ChatKit.Monitor.Reports;

/// <summary>A room, on one node or on all of them.</summary>
/// <param name="Name">The room's name.</param>
/// <param name="Members">The number of connections in the room.</param>
/// <param name="Behind">How many of them are receiving stored messages.</param>
/// <param name="Position">The position of the last message; null if it isn't known.</param>
/// <param name="PerSecond">Messages and other events per second; null if that isn't known yet.</param>
/// <param name="Nodes">The number of nodes that the report is of.</param>
/// <param name="Present">Who is present, on all nodes; null if that isn't known, or if the room has no presence.</param>
internal sealed record RoomReport(
    string Name, int Members, int Behind, string? Position, double? PerSecond, int Nodes = 1, int? Present = null)
{
    /// <summary>The most active first, then the largest.</summary>
    public static IComparer<RoomReport> ByActivity { get; } = Comparer<RoomReport>.Create(static (x, y) =>
    {
        var order = (y.PerSecond ?? 0).CompareTo(x.PerSecond ?? 0);
        if (order == 0)
            order = y.Members.CompareTo(x.Members);
        return order == 0 ? string.CompareOrdinal(x.Name, y.Name) : order;
    });

    /// <summary>
    /// Adds what another node knows of the room. Both nodes see all of its messages, so its activity is that of one of them.
    /// </summary>
    public RoomReport Plus(RoomReport other) => this with
    {
        Members = Members + other.Members,
        Behind = Behind + other.Behind,
        Position = Later(Position, other.Position),
        PerSecond = PerSecond is null || other.PerSecond > PerSecond ? other.PerSecond : PerSecond,
        Nodes = Nodes + other.Nodes,
    };

    private static string? Later(string? x, string? y)
    {
        if (!MessagePosition.TryParse(x, out var first) || !MessagePosition.TryParse(y, out var second))
            return y ?? x;

        // While a room's stream begins anew, nodes are in different ones, which have no order.
        if (first.Epoch != second.Epoch)
            return null;
        return first.Sequence >= second.Sequence ? x : y;
    }
}
