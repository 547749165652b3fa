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

    /// <summary>Waits until none of them has anything on its way that it knows of, or it takes too long.</summary>
    public static async Task BecomeQuietAsync(this IReadOnlyCollection<Bot> bots, TimeSpan limit, CancellationToken stop = default)
    {
        var start = Stopwatch.GetTimestamp();
        while (!bots.All(static bot => bot.IsQuiet) && Stopwatch.GetElapsedTime(start) < limit)
            await Task.Delay(PollInterval, stop);
    }

    private static IEnumerable<Bot> Restless(IEnumerable<Bot> bots) =>
        bots.GroupBy(static bot => bot.Room).SelectMany(static room =>
        {
            var differ = room.DistinctBy(static bot => bot.At).Skip(1).Any();
            return room.Where(bot => differ || !bot.IsQuiet);
        });
}
