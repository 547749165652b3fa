using ChatKit.Diagnostics;
using ChatKit.Rooms.Presence;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

/// <summary>The services that all rooms share.</summary>
internal sealed record RoomServices(
    IBackplane Backplane,
    IMessageHistory History,
    IPresenceStore Presence,
    PresenceTracker Tracker,
    DisconnectLog Disconnects,
    PageReads Reads,
    ChatKitMetrics Metrics,
    ChatKitTracing Tracing,
    ILogger Logger,
    TimeProvider Clock,
    int PresenceListLimit)
{
    /// <summary>Calls <see cref="IMessageHistory.ReadAsync"/>, and records metrics.</summary>
    public async ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after, CancellationToken cancellationToken = default)
    {
        var began = Metrics.Begin();
        try
        {
            var page = await History.ReadAsync(room, after, cancellationToken).ConfigureAwait(false);
            Metrics.Read(began, null);
            return page;
        }
        catch (Exception e)
        {
            Metrics.Read(began, e);
            throw;
        }
    }
}
