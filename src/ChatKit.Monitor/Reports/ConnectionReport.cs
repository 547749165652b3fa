namespace ChatKit.Monitor.Reports;

/// <summary>An open connection.</summary>
/// <param name="Id">The connection's id.</param>
/// <param name="Node">The name of its node.</param>
/// <param name="User">The user's id; null if the client is anonymous.</param>
/// <param name="Transport">The way in which the client has connected.</param>
/// <param name="Rooms">Some of its rooms.</param>
/// <param name="RoomCount">The number of its rooms.</param>
/// <param name="OpenedAt">When it began.</param>
/// <param name="Queued">The bytes that wait to be written.</param>
/// <param name="QueueLimit">The number of bytes from which the client is behind.</param>
internal sealed record ConnectionReport(
    string Id,
    string Node,
    string? User,
    string Transport,
    IReadOnlyList<string> Rooms,
    int RoomCount,
    DateTimeOffset OpenedAt,
    long Queued,
    long QueueLimit)
{
    /// <summary>More would fill the page, and the answer of a node.</summary>
    private const int MaxRooms = 5;

    /// <summary>The slowest first, then the newest.</summary>
    public static IComparer<ConnectionReport> BySlowness { get; } = Comparer<ConnectionReport>.Create(static (x, y) =>
        Compare((x.Queued, x.OpenedAt, x.Id), (y.Queued, y.OpenedAt, y.Id)));

    public static ConnectionReport Of(IOpenConnection connection, string node)
    {
        var rooms = connection.Rooms;
        return new ConnectionReport(
            connection.Id,
            node,
            connection.UserId,
            connection.Transport.ToString(),
            [.. rooms.Take(MaxRooms)],
            rooms.Count,
            connection.OpenedAt,
            connection.BytesQueued,
            connection.QueueLimit);
    }

    internal static int Compare((long Queued, DateTimeOffset OpenedAt, string Id) x, (long Queued, DateTimeOffset OpenedAt, string Id) y)
    {
        var order = y.Queued.CompareTo(x.Queued);
        if (order == 0)
            order = y.OpenedAt.CompareTo(x.OpenedAt);
        return order == 0 ? string.CompareOrdinal(x.Id, y.Id) : order;
    }
}
