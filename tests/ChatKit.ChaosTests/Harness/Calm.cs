namespace ChatKit.ChaosTests.Harness;

/// <summary>Whether all nodes and Redis have been healthy for a moment. Guarantees with a time limit only count such time.</summary>
internal sealed class Calm
{
    /// <summary>The time that a process needs to reconnect after it was killed or frozen.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(2);

    private int _disturbed;

    public bool IsNow => Volatile.Read(ref _disturbed) == 0;

    /// <summary>Injects a fault into a process.</summary>
    public async Task DisturbAsync(Func<Task> fault)
    {
        Interlocked.Increment(ref _disturbed);
        try
        {
            await fault();
            await Task.Delay(Recovery);
        }
        finally
        {
            Interlocked.Decrement(ref _disturbed);
        }
    }
}
