using System.Diagnostics;

namespace ChatKit.ChaosTests.Harness;

/// <summary>Waits at the end for what takes a while to settle.</summary>
internal static class Settling
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until there are no problems. Returns those that remain at the time limit.</summary>
    public static async Task<IReadOnlyList<string>> ProblemsAfterAsync(TimeSpan limit, Func<Task<List<string>>> find)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var problems = await find();
            if (problems.Count == 0 || Stopwatch.GetElapsedTime(start) > limit)
                return problems;
            await Task.Delay(Pause);
        }
    }
}
