namespace ChatKit.Monitor.Reports;

/// <summary>The state of a node.</summary>
/// <param name="Id">Identifies the node while it runs.</param>
/// <param name="Name">The name that operators see.</param>
/// <param name="StartedAt">When the node started.</param>
/// <param name="Health">The result of ChatKit's health check.</param>
/// <param name="Counts">How much the node has.</param>
/// <param name="Rates">What goes through it; null at first, because that needs two measurements.</param>
/// <param name="Troubles">What went wrong since it started.</param>
/// <param name="TopRooms">The most active rooms whose names contain the text of the question.</param>
internal sealed record NodeReport(
    string Id,
    string Name,
    DateTimeOffset StartedAt,
    HealthReport Health,
    NodeCounts Counts,
    NodeRates? Rates,
    NodeTroubles Troubles,
    IReadOnlyList<RoomReport> TopRooms);

/// <param name="Status">The status, such as <c>Healthy</c>.</param>
/// <param name="Problem">What is wrong; null if nothing is.</param>
/// <param name="RedisPing">The round trip to Redis, in milliseconds; null without Redis, or if it doesn't answer.</param>
internal sealed record HealthReport(string Status, string? Problem, double? RedisPing);

/// <param name="Connections">Open connections.</param>
/// <param name="MatchingConnections">Those that the text of the question matches.</param>
/// <param name="Users">Different users, without anonymous clients.</param>
/// <param name="Rooms">Rooms that have members on the node.</param>
/// <param name="MatchingRooms">Those whose names contain the text of the question.</param>
/// <param name="SlowReaders">Connections whose queue is at least half full.</param>
/// <param name="BytesQueued">The bytes that wait to be written to all clients.</param>
/// <param name="Memory">The memory of the process, in bytes.</param>
internal sealed record NodeCounts(
    int Connections, int MatchingConnections, int Users, int Rooms, int MatchingRooms, int SlowReaders, long BytesQueued, long Memory);

/// <param name="Received">Messages of clients, per second.</param>
/// <param name="Stored">Messages that were stored, per second.</param>
/// <param name="Delivered">Messages that were enqueued, once for each member, per second.</param>
internal sealed record NodeRates(double Received, double Stored, double Delivered);

/// <param name="Gaps">Gaps that the history couldn't fill.</param>
/// <param name="FellBehind">Times that a queue was full.</param>
/// <param name="ClosedAsSlow">Members that were closed because they read too slowly.</param>
/// <param name="Dropped">Messages that slow members won't receive.</param>
internal sealed record NodeTroubles(long Gaps, long FellBehind, long ClosedAsSlow, long Dropped);
