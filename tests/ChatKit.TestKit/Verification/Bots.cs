using System.Diagnostics;

namespace ChatKit.TestKit.Verification;

/// <summary>What holds for some bots together.</summary>
public static class Bots
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until everything has arrived everywhere, and a little more for what should not come. Returns what did not come to rest.</summary>
    /// <param name="bots">The bots, who send nothing any more.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="more">How long it is waited afterwards.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<IReadOnlyList<string>> ComeToRestAsync(
        this IReadOnlyCollection<Bot> bots, TimeSpan limit, TimeSpan more, CancellationToken stop = default)
    {
        var start = Stopwatch.GetTimestamp();
        while (Restless(bots).Any() && Stopwatch.GetElapsedTime(start) < limit)
            await Task.Delay(PollInterval, stop);
        await Task.Delay(more, stop);
        return [.. Restless(bots).Select(static bot => bot.Condition)];
    }

    private static IEnumerable<Bot> Restless(IEnumerable<Bot> bots) =>
        bots.GroupBy(static bot => bot.Room).SelectMany(static room =>
        {
            var top = room.Max(static bot => bot.Top);
            return room.Where(bot => !bot.IsQuiet || bot.Top < top);
        });
}
