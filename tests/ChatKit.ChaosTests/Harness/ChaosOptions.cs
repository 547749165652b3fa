namespace ChatKit.ChaosTests.Harness;

/// <summary>The size of a run, and its faults.</summary>
internal sealed record ChaosOptions(int Seed, TimeSpan Duration)
{
    public int Nodes { get; init; } = 3;

    public int Rooms { get; init; } = 5;

    public int Clients { get; init; } = 60;

    /// <summary>The mean time between two messages of a client.</summary>
    public TimeSpan SendInterval { get; init; } = TimeSpan.FromMilliseconds(600);

    /// <summary>The mean time between two faults.</summary>
    public TimeSpan FaultInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The time limit until everything has arrived.</summary>
    public TimeSpan QuietLimit { get; init; } = TimeSpan.FromSeconds(60);
}
