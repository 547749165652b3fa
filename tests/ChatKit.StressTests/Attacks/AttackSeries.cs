using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>Runs all attacks, or one, on one server, and prints a table.</summary>
internal static class AttackSeries
{
    /// <summary>The number of attempts. Other work on the machine can affect a p99, but a harmful attack fails each time.</summary>
    private const int MaxTries = 3;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    /// <summary>Returns whether all checks passed.</summary>
    /// <param name="only">The name of the only attack; null for all.</param>
    /// <param name="time">The duration of each attack.</param>
    /// <param name="share">The share of the attackers to use.</param>
    public static async Task<bool> RunAsync(string? only, TimeSpan time, double share)
    {
        await using var server = await ServerProcess.StartAsync();
        using (new Neighbours(server.Port, "first"))
            await Task.Delay(WarmUp);

        Console.WriteLine($"| {string.Join(" | ", AttackResult.Header)} |");
        Console.WriteLine($"|{string.Concat(AttackResult.Header.Select(static (_, i) => i == 0 ? "---|" : "--:|"))}");
        var isRight = true;
        foreach (var name in AttackCatalog.Create().Select(static attack => attack.Name).Where(name => only is null || name == only))
            isRight &= await RunAsync(server, name, new AttackOptions(time, share));
        return isRight;
    }

    private static async Task<bool> RunAsync(ServerProcess server, string name, AttackOptions options)
    {
        var isRight = true;
        for (var i = 1; i <= MaxTries; i++)
        {
            var attack = AttackCatalog.Create().Single(one => one.Name == name);
            var result = await AttackRun.RunAsync(server, attack, options);
            Console.WriteLine($"| {string.Join(" | ", result.Row)} |");
            foreach (var problem in result.Problems)
            {
                isRight = false;
                Console.WriteLine($"  {name}: {problem}");
            }

            if (result is { IsFair: true, IsWeak: false })
                return isRight;
        }

        Console.WriteLine(
            $"  {name}: {MaxTries} times the p99 was more than {AttackResult.MaxRatio} times that of before, or the attackers did not get the processor");
        return false;
    }
}
