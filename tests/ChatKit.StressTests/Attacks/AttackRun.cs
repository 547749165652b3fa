using System.Diagnostics;
using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Attacks;

/// <summary>Measures the neighbours and the server before, during, and after an attack.</summary>
internal static class AttackRun
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(50);

    /// <param name="server">The server, already warmed up.</param>
    /// <param name="attack">The attack.</param>
    /// <param name="options">The options of the attack.</param>
    public static async Task<AttackResult> RunAsync(ServerProcess server, Attack attack, AttackOptions options)
    {
        using var neighbours = new Neighbours(server.Port, $"neighbours-{Guid.NewGuid():N}");
        await Task.Delay(options.Settling);
        var before = await server.AskAsync(collect: true);
        await Task.Delay(options.Settling);
        neighbours.Measure();
        await Task.Delay(options.QuietTime);
        var quiet = neighbours.Measure();

        var during = await AttackAsync(server, neighbours, attack, options);

        var allGone = await server.HasAtMostConnectionsAsync(Neighbours.Count);
        var after = await ComeToRestAsync(server, before, attack);
        return new AttackResult(attack, options, before, quiet, during, after, allGone, neighbours.Stop(), neighbours.Failure?.Message);
    }

    private static async Task<AttackFigures> AttackAsync(ServerProcess server, Neighbours neighbours, Attack attack, AttackOptions options)
    {
        await using var attackers = await AttackProcess.StartAsync(attack.Name, server.Port, options);
        var start = Stopwatch.GetTimestamp();
        var paused = (await server.AskAsync()).Paused;
        neighbours.Measure();
        var peak = 0L;
        while (Stopwatch.GetElapsedTime(start) < options.Time)
        {
            peak = Math.Max(peak, server.Resident);
            await Task.Delay(SampleInterval);
        }

        var latencies = neighbours.Measure();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        paused = (await server.AskAsync()).Paused - paused;
        var (done, connections) = await attackers.StopAsync();
        return new AttackFigures(done / seconds, connections, latencies, Math.Max(peak, server.Resident), paused);
    }

    /// <summary>Waits, because sockets are closed shortly after their connections have ended, and pools release unused memory later.</summary>
    private static async Task<ServerStats> ComeToRestAsync(ServerProcess server, ServerStats before, Attack attack)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var after = await server.AskAsync(collect: true);
            if (AttackResult.IsBack(before, after, attack) || Stopwatch.GetElapsedTime(start) > Patience.Limit)
                return after;
            await Task.Delay(SampleInterval);
        }
    }
}
