namespace ChatKit.ClientScenarios;

/// <summary>How long a scenario waits for what the client must do, and for what it must not do.</summary>
internal static class Waiting
{
    /// <summary>The time in which a client would do what it must not do. All of its times are shorter than this; see <see cref="Times"/>.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    /// <summary>The time for which a scenario waits for what the client must do.</summary>
    public static TimeSpan Limit { get; set; } = Patience.Limit;

    /// <summary>Waits for a task, and fails after the limit.</summary>
    public static async Task<T> InTime<T>(this Task<T> task, string expectation)
    {
        try
        {
            return await task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw NotInTime(expectation);
        }
    }

    /// <summary>Waits for a task, and fails after the limit.</summary>
    public static async Task InTime(this Task task, string expectation)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw NotInTime(expectation);
        }
    }

    /// <summary>Gives the client time to do what it must not do. Nothing can be awaited instead.</summary>
    public static Task QuietAsync() => Task.Delay(Quiet);

    private static TimeoutException NotInTime(string expectation) => new($"Not within {Limit.TotalSeconds} s: {expectation}.");
}
