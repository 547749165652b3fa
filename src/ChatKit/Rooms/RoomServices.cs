using ChatKit.Diagnostics;
using ChatKit.Rooms.Presence;
using Microsoft.Extensions.Logging;

namespace ChatKit.Rooms;

/// <summary>What every room works with.</summary>
internal sealed record RoomServices(
    IBackplane Backplane,
    IMessageHistory History,
    IRoomPresence Presence,
    PresenceTracker Tracker,
    DisconnectLog Disconnects,
    PageReads Reads,
    ChatKitMetrics Metrics,
    ChatKitTracing Tracing,
    ILogger Logger)
{
    /// <summary><see cref="IMessageHistory.ReadAsync"/>, measured.</summary>
    public async ValueTask<HistoryPage> ReadAsync(string room, MessagePosition? after)
    {
        var began = Metrics.Begin();
        try
        {
            var page = await History.ReadAsync(room, after).ConfigureAwait(false);
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
