using ChatKit.Monitor.Reports;

namespace ChatKit.Monitor.Nodes;

/// <summary>Makes one overview of the answers of all nodes. Pages that ask at the same time share it.</summary>
internal sealed class OverviewSource(AllNodes nodes, IRoomPresence presence, TimeProvider clock)
{
    /// <summary>How old an overview may be that another page has asked for.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    /// <summary>The time that counting who is present may take.</summary>
    private static readonly TimeSpan PresenceLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private string? _text;
    private long _began;
    private Task<Overview>? _latest;

    /// <param name="text">The text that names must contain; null or empty for all.</param>
    public Task<Overview> GetAsync(string? text)
    {
        lock (_gate)
        {
            if (_latest is null || _text != text || (_latest.IsCompleted && clock.GetElapsedTime(_began) >= MaxAge))
                (_text, _began, _latest) = (text, clock.GetTimestamp(), AskAsync(text));
            return _latest;
        }
    }

    /// <summary>Asks again when the next page asks, because an operator has changed something.</summary>
    public void Expire()
    {
        lock (_gate)
            _latest = null;
    }

    private async Task<Overview> AskAsync(string? text)
    {
        var at = clock.GetUtcNow();
        var answers = await nodes.AskAsync(QuestionKind.Overview, text, null, CancellationToken.None).ConfigureAwait(false);
        var reports = answers.All.Select(static answer => answer.Node).OfType<NodeReport>()
            .OrderBy(static node => node.Name, StringComparer.OrdinalIgnoreCase).ThenBy(static node => node.Id).ToList();
        var rooms = reports.SelectMany(static node => node.TopRooms).GroupBy(static room => room.Name)
            .Select(static same => same.Aggregate(static (room, other) => room.Plus(other))).Order(RoomReport.ByActivity).ToList();
        var hasMore = reports.Any(static node => node.TopRooms.Count < node.Counts.MatchingRooms);
        var connections = answers.All.SelectMany(static answer => answer.Connections ?? []).Order(ConnectionReport.BySlowness);
        return new Overview(
            at,
            answers.Missing,
            answers.IsAlone,
            [.. reports.Select(static node => node with { TopRooms = [] })],
            await CountPresentAsync(rooms.Take(NodeReporter.MaxRooms)).ConfigureAwait(false),
            reports.Select(static node => node.Counts.Rooms).Append(rooms.Count).Max(),
            hasMore,
            [.. connections.Take(NodeReporter.MaxConnections)]);
    }

    private async Task<IReadOnlyList<RoomReport>> CountPresentAsync(IEnumerable<RoomReport> rooms)
    {
        using var limit = new CancellationTokenSource(PresenceLimit, clock);
        return await Task.WhenAll(rooms.Select(room => CountPresentAsync(room, limit.Token))).ConfigureAwait(false);
    }

    private async Task<RoomReport> CountPresentAsync(RoomReport room, CancellationToken cancellationToken)
    {
        try
        {
            var count = await presence.CountAsync(room.Name, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            return count == 0 ? room : room with { Present = count };
        }
        catch (Exception e) when (e is HistoryUnavailableException or OperationCanceledException)
        {
            return room;
        }
    }
}
