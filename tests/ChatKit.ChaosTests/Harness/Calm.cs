namespace ChatKit.ChaosTests.Harness;

/// <summary>Whether all nodes and Redis are well, and have been for a moment: only such time counts against what is promised within a time.</summary>
internal sealed class Calm
{
    /// <summary>A process that was killed or stood still has to connect again.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(2);

    private int _disturbed;

    public bool IsNow => Volatile.Read(ref _disturbed) == 0;

    /// <summary>Carries out a fault of a process.</summary>
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
