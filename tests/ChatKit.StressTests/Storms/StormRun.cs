using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Storms;

/// <summary>Measures the bystanders, the servers, and Redis before and during a storm.</summary>
internal static class StormRun
{
    /// <summary>The time limit for the last messages of the bystanders.</summary>
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(50);

    public static async Task<StormResult> RunAsync(Storm storm, StormOptions options)
    {
        await using var deployment = await Deployment.StartAsync(storm.QueueLimit);
        var paths = await deployment.FillAsync(storm);
        await using var here = await Bystanders.StartAsync(deployment.Here.Port, "here");
        await using var there = await Bystanders.StartAsync(deployment.There.Port, "there");
        await Task.Delay(options.Settling);
        var before = await deployment.Here.AskAsync(collect: true);
        await Task.Delay(options.Settling);
        (_, _) = (here.Measure(), there.Measure());
        await Task.Delay(options.Time);
        await using var watch = new RedisWatch(deployment.Redis);

        await using var clients = await StormProcess.StartAsync(storm.Manner, deployment.Here.Port, paths, storm.Clients, options.ClientsYield);
        var (quietHere, quietThere) = (here.Measure(), there.Measure());
        var peak = await WatchAsync(deployment.Here, LastAsync(storm, clients, options));
        var held = storm.Manner == StormManner.Trickle ? await deployment.Here.AskAsync(collect: true) : null;
        var tally = await clients.StopAsync();
        var stopped = await Task.WhenAll(here.StopAsync(LastWait), there.StopAsync(LastWait));
        var after = await Task.WhenAll(TryAskAsync(deployment.Here), TryAskAsync(deployment.There));
        return new StormResult(
            storm, tally,
            new StormFigures(quietHere, stopped[0].Latencies, stopped[0].Outcome),
            new StormFigures(quietThere, stopped[1].Latencies, stopped[1].Outcome),
            watch.PeakMemory, watch.PeakBuffers, before, held, peak, after);
    }

    /// <summary>Waits for the end of a storm.</summary>
    private static async Task LastAsync(Storm storm, StormProcess clients, StormOptions options)
    {
        if (storm.Manner != StormManner.Visit)
            await clients.BecomesLiveAsync(options.Limit);
        if (storm.Manner != StormManner.Join)
            await Task.Delay(options.Time);
    }

    /// <summary>Collects garbage, so that finalizers report unobserved exceptions. Returns null if the server does not answer.</summary>
    private static async Task<ServerStats?> TryAskAsync(ServerProcess server)
    {
        try
        {
            return await server.AskAsync(collect: true);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Returns the peak memory of a server until a task has ended, in bytes.</summary>
    private static async Task<long> WatchAsync(ServerProcess server, Task over)
    {
        var peak = server.Resident;
        while (await Task.WhenAny(over, Task.Delay(SampleInterval)) != over)
            peak = Math.Max(peak, server.Resident);
        await over;
        return Math.Max(peak, server.Resident);
    }
}
