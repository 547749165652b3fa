using ChatKit.Diagnostics;
using ChatKit.Rooms.Presence;
using ChatKit.Rooms.Reads;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

/// <summary>The services and settings that all rooms share.</summary>
internal sealed record RoomServices(
    IBackplane Backplane,
    IMessageHistory History,
    IPresenceStore Presence,
    PresenceTracker Tracker,
    IReadStore Cursors,
    DisconnectLog Disconnects,
    PageReads Reads,
    ChatKitMetrics Metrics,
    ChatKitTracing Tracing,
    ILogger Logger,
    TimeProvider Clock,
    int PresenceListLimit,
    int SharedFrom)
{
    /// <summary>Carries out many writes at once; null if each is carried out alone.</summary>
    public IWriteBatching? Batching { get; set; }

    /// <summary>Reads a page of the history, and records metrics.</summary>
    /// <param name="room">The room's name.</param>
    /// <param name="after">What the reader has; null if it has nothing. Without a revision, it needs no changes.</param>
    /// <param name="limit">The maximum number of messages, for a reader that has nothing; null for all.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public ValueTask<HistoryPage> ReadAsync(
        string room, StreamPosition? after, int? limit = null, CancellationToken cancellationToken = default) =>
        MeasureAsync(() => ReadPageAsync(room, after, limit, cancellationToken));

    /// <summary>Reads the stored messages of a room before a position, and records metrics.</summary>
    public ValueTask<OlderMessages> ReadBeforeAsync(string room, MessagePosition? before, int limit) =>
        MeasureAsync(() => History.ReadBeforeAsync(room, before, limit));

    private async ValueTask<T> MeasureAsync<T>(Func<ValueTask<T>> read)
    {
        var began = Metrics.Begin();
        try
        {
            var result = await read().ConfigureAwait(false);
            Metrics.Read(began, null);
            return result;
        }
        catch (Exception e)
        {
            Metrics.Read(began, e);
            throw;
        }
    }

    /// <summary>Most rooms have no changes. Then the simpler method does, which every history implements.</summary>
    private async ValueTask<HistoryPage> ReadPageAsync(string room, StreamPosition? after, int? limit, CancellationToken cancellationToken)
    {
        if (after is null ? limit is not null : after.Value.Revision > 0)
            return await History.ReadAsync(room, after, limit, cancellationToken).ConfigureAwait(false);
        var page = await History.ReadAsync(room, after?.Message, cancellationToken).ConfigureAwait(false);
        return page.Revision == 0 || page.Restarted || after?.Revision is null
            ? page
            : await History.ReadAsync(room, after, null, cancellationToken).ConfigureAwait(false);
    }
}
