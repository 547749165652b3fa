using System.Net.WebSockets;
using ChatKit.Monitor.Reports;
using Microsoft.Extensions.Options;

namespace ChatKit.Monitor.Nodes;

/// <summary>Answers questions about this node.</summary>
internal sealed class NodeReporter : IDisposable
{
    /// <summary>The number of rooms in an answer.</summary>
    public const int MaxRooms = 50;

    /// <summary>The number of connections in an answer.</summary>
    public const int MaxConnections = 100;

    /// <summary>The time after the last question until this node assumes that nobody watches. A page asks every two seconds.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly INodeInspector _inspector;
    private readonly NodeMeter _meter;
    private readonly NodeHealth _health;
    private readonly RoomActivity _activity;
    private readonly ITimer _idle;
    private readonly DateTimeOffset _startedAt;
    private readonly string _name;

    public NodeReporter(INodeInspector inspector, NodeMeter meter, NodeHealth health, IOptions<MonitorOptions> options, TimeProvider clock)
    {
        (_inspector, _meter, _health, _name) = (inspector, meter, health, options.Value.NodeName);
        _activity = new RoomActivity(meter, clock);
        _startedAt = clock.GetUtcNow();
        _idle = clock.CreateTimer(static reporter => ((NodeReporter)reporter!).Rest(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Identifies this node. Its name may not be unique.</summary>
    public string NodeId { get; } = Guid.NewGuid().ToString("n");

    public async Task<Answer> AnswerAsync(Question question, CancellationToken cancellationToken)
    {
        if (question.Kind == QuestionKind.Close)
            return new Answer(question.Id, NodeId, HasClosed: TryClose(question.Text, question.Reason));
        var health = question.Kind == QuestionKind.Overview ? await _health.CheckAsync(cancellationToken).ConfigureAwait(false) : null;
        return health is null ? AnswerRoom(question) : AnswerOverview(question, health);
    }

    public void Dispose() => _idle.Dispose();

    private Answer AnswerOverview(Question question, HealthReport health)
    {
        var filter = string.IsNullOrEmpty(question.Text) ? null : question.Text;
        lock (_gate)
        {
            _idle.Change(IdleTime, Timeout.InfiniteTimeSpan);
            _meter.Watch();
            var (rooms, roomCount, matchingRooms) = ReadRooms(filter);
            var (connections, counts) = ReadConnections(filter, roomCount, matchingRooms);
            var report = new NodeReport(NodeId, _name, _startedAt, health, counts, _activity.Rates, _meter.Troubles, rooms);
            return new Answer(question.Id, NodeId, report, Connections: connections);
        }
    }

    private Answer AnswerRoom(Question question)
    {
        if (question.Text is not { } name || _inspector.FindRoom(name) is not { } room)
            return new Answer(question.Id, NodeId);
        var connections = _inspector.GetConnections(name, MaxConnections).Select(connection => ConnectionReport.Of(connection, _name));
        return new Answer(question.Id, NodeId, Room: Report(room, null), Connections: [.. connections.Order(ConnectionReport.BySlowness)]);
    }

    private (IReadOnlyList<RoomReport> Rooms, int Count, int Matching) ReadRooms(string? filter)
    {
        var top = new TopList<RoomReport, RoomReport>(MaxRooms, RoomReport.ByActivity);
        var (count, matching) = (0, 0);
        _activity.Begin();
        foreach (var room in _inspector.GetRooms())
        {
            count++;
            var rate = _activity.Measure(room);
            if (filter is not null && !Contains(room.Name, filter))
                continue;
            matching++;
            var report = Report(room, rate);
            top.Add(report, report);
        }

        _activity.End();
        return (top.Take(), count, matching);
    }

    private (IReadOnlyList<ConnectionReport> Connections, NodeCounts Counts) ReadConnections(
        string? filter, int rooms, int matchingRooms)
    {
        var top = new TopList<IOpenConnection, (long, DateTimeOffset, string)>(
            MaxConnections, Comparer<(long, DateTimeOffset, string)>.Create(ConnectionReport.Compare));
        var users = new HashSet<string>();
        var (count, matching, slow, queued) = (0, 0, 0, 0L);
        foreach (var connection in _inspector.GetConnections())
        {
            count++;
            var waiting = connection.BytesQueued;
            queued += waiting;
            slow += waiting >= connection.QueueLimit / 2 ? 1 : 0;
            if (connection.UserId is { } user)
                users.Add(user);
            if (filter is not null && !Matches(connection, filter))
                continue;
            matching++;
            top.Add(connection, (waiting, connection.OpenedAt, connection.Id));
        }

        var reports = top.Take().Select(connection => ConnectionReport.Of(connection, _name));
        return ([.. reports], new NodeCounts(count, matching, users.Count, rooms, matchingRooms, slow, queued, Environment.WorkingSet));
    }

    /// <summary>Looks at the home room only: the other rooms of all connections would take long to read.</summary>
    private static bool Matches(IOpenConnection connection, string filter) =>
        Contains(connection.UserId, filter) || Contains(connection.Id, filter) || Contains(connection.Room, filter);

    private static bool Contains(string? text, string filter) => text?.Contains(filter, StringComparison.OrdinalIgnoreCase) == true;

    private static RoomReport Report(RoomStatistics room, double? rate) =>
        new(room.Name, room.Members, room.MembersBehind, room.Position?.ToString(), rate);

    private bool TryClose(string? id, string? reason)
    {
        if (_inspector.GetConnections().FirstOrDefault(connection => connection.Id == id) is not { } connection)
            return false;
        connection.Close(WebSocketCloseStatus.PolicyViolation, reason);
        return true;
    }

    /// <summary>Nobody watches any more.</summary>
    private void Rest()
    {
        lock (_gate)
        {
            _meter.Rest();
            _activity.Clear();
        }
    }
}
