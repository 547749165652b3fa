using System.Diagnostics;

namespace ChatKit.StressTests.Soak;

/// <summary>Runs servers for a long time: one with its histories in memory, and one with Redis.</summary>
internal static class SoakRun
{
    /// <summary>A number that is large enough for the means of thirds.</summary>
    private const int Samples = 60;

    /// <param name="time">The duration of the run.</param>
    /// <param name="seed">The seed of the events.</param>
    /// <param name="csv">The file for the samples.</param>
    public static async Task<IReadOnlyList<SoakResult>> RunAsync(TimeSpan time, int seed, TextWriter csv)
    {
        await using var redis = new RedisServer();
        await redis.InitializeAsync();
        var targets = new List<SoakTarget>();
        try
        {
            targets.Add(await SoakTarget.StartAsync("memory", null, seed));
            targets.Add(await SoakTarget.StartAsync("redis", redis.Configuration, seed));
            return await RunAsync(targets, time, csv);
        }
        finally
        {
            foreach (var target in targets)
                await target.DisposeAsync();
        }
    }

    private static async Task<IReadOnlyList<SoakResult>> RunAsync(List<SoakTarget> targets, TimeSpan time, TextWriter csv)
    {
        using var over = new CancellationTokenSource();
        var running = targets.ConvertAll(target => target.RunAsync(over.Token));
        await csv.WriteLineAsync(SoakSample.CsvHeader);
        var start = Stopwatch.GetTimestamp();
        for (var i = 1; i <= Samples; i++)
        {
            var wait = (time / Samples * i) - Stopwatch.GetElapsedTime(start);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            foreach (var target in targets)
            {
                var sample = await target.SampleAsync(Stopwatch.GetElapsedTime(start).TotalSeconds);
                await csv.WriteLineAsync(sample.Csv(target.Name));
            }

            await csv.FlushAsync();
        }

        await over.CancelAsync();
        return await Task.WhenAll(running);
    }
}
