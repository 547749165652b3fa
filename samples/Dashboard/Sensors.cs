using System.Text.Json;

namespace Dashboard;

/// <summary>Broadcasts what sensors measure, here a random walk. It needs no connection: pages come and go.</summary>
internal sealed class Sensors(IRoomBroadcaster rooms) : BackgroundService
{
    public const string Room = "greenhouse";

    /// <summary>The number of readings that a page shows.</summary>
    public const int Shown = 120;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly RoomBroadcastOptions Json = new() { IsJson = true };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var reading = new Reading(21, 55, 400);
        using var timer = new PeriodicTimer(Interval);
        do
        {
            reading = new Reading(
                Walk(reading.Temperature, 0.2, 15, 30),
                Walk(reading.Humidity, 0.8, 30, 80),
                Walk(reading.Power, 25, 100, 900));
            try
            {
                await rooms.BroadcastAsync(Room, JsonSerializer.Serialize(reading, ReadingJson.Default.Reading), Json, stoppingToken);
            }
            catch (HistoryUnavailableException)
            {
                // With Redis: the next reading replaces one that can't be stored. ChatKit has logged it.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static double Walk(double from, double step, double min, double max) =>
        Math.Round(Math.Clamp(from + (Random.Shared.NextDouble() - 0.5) * 2 * step, min, max), 1);
}
