using ChatKit.Monitor.Reports;

namespace ChatKit.Monitor.Nodes;

/// <summary>Looks into a room: what all nodes know of it, who is present, and its stored messages.</summary>
internal sealed class RoomSource(AllNodes nodes, IRoomPresence presence, IMessageHistory history)
{
    /// <summary>The number of messages on one page.</summary>
    private const int PageSize = 50;

    /// <summary>The number of present members up to which they are listed. Of more, the page shows the number.</summary>
    private const int MaxPresent = 200;

    /// <param name="room">The room's name.</param>
    /// <param name="before">The position before which to read messages; null for the latest.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async Task<RoomView> GetAsync(string room, MessagePosition? before, CancellationToken cancellationToken)
    {
        var asking = nodes.AskAsync(QuestionKind.Room, room, null, cancellationToken);
        string? problem = null;
        var (present, count) = (Array.Empty<PresentReport>(), 0);
        var messages = OlderMessages.None;
        try
        {
            messages = await history.ReadBeforeAsync(room, before, PageSize, cancellationToken).ConfigureAwait(false);
            count = await presence.CountAsync(room, cancellationToken).ConfigureAwait(false);
            if (count is > 0 and <= MaxPresent)
                present = [.. (await presence.ListMembersAsync(room, cancellationToken).ConfigureAwait(false)).Select(Report)];
        }
        catch (HistoryUnavailableException e)
        {
            problem = e.Message;
        }

        var answers = await asking.ConfigureAwait(false);
        var rooms = answers.All.Select(static answer => answer.Room).OfType<RoomReport>().ToList();
        var merged = rooms.Count == 0 ? null : rooms.Aggregate(static (one, other) => one.Plus(other));
        if (merged is not null && count > 0)
            merged = merged with { Present = count };
        var connections = answers.All.SelectMany(static answer => answer.Connections ?? []).Order(ConnectionReport.BySlowness);
        return new RoomView(
            merged,
            [.. connections.Take(NodeReporter.MaxConnections)],
            present,
            [.. messages.Messages.Select(MessageReport.Of)],
            messages.HasMore,
            problem);
    }

    private static PresentReport Report(PresentMember member) => new(member.Id, member.Data?.GetRawText());
}
