namespace ChatKit.TestKit;

/// <summary>The time for which a test waits for something that must happen. It is long, because only failing tests reach it.</summary>
public static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits for a task. Fails after the time-out.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Limit);

    /// <summary>Waits for a task. Fails after the time-out.</summary>
    public static Task Soon(this Task task) => task.WaitAsync(Limit);

    /// <summary>Polls until a condition is true. Fails after the time-out.</summary>
    public static Task UntilAsync(Func<Task<bool>> condition, string expectation) => UntilAsync(condition, expectation, Limit);

    /// <summary>Polls until a condition is true. Fails after a time-out that is longer than usual.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string expectation, TimeSpan limit)
    {
        using var passed = new CancellationTokenSource(limit);
        while (!await condition())
        {
            if (passed.IsCancellationRequested)
                throw new TimeoutException($"Not within {limit.TotalSeconds} s: {expectation}");
            await Task.Delay(PollInterval, CancellationToken.None);
        }
    }

    /// <summary>Polls until a condition is true. Fails after the time-out.</summary>
    public static Task UntilAsync(Func<bool> condition, string expectation) =>
        UntilAsync(() => Task.FromResult(condition()), expectation);
}
