using System.Diagnostics;

namespace ChatKit.TestKit.Verification;

/// <summary>Operations on several bots.</summary>
public static class Bots
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until all messages have arrived, and a little longer for unexpected ones. Returns the bots that are not at rest.</summary>
    /// <param name="bots">The bots, which have stopped sending.</param>
    /// <param name="limit">The time limit.</param>
    /// <param name="more">The additional time to wait.</param>
    /// <param name="stop">Cancels the operation.</param>
    public static async Task<IReadOnlyList<string>> ComeToRestAsync(
        this IReadOnlyCollection<Bot> bots, TimeSpan limit, TimeSpan more, CancellationToken stop = default)
    {
        var start = Stopwatch.GetTimestamp();
        while (Restless(bots).Any() && Stopwatch.GetElapsedTime(start) < limit)
            await Task.Delay(PollInterval, stop);
        await Task.Delay(more, stop);
        return [.. Restless(bots).Select(static bot => bot.Condition)];
    }

    /// <summary>Waits until all bots are quiet, or the time limit is reached.</summary>
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
