namespace ChatKit.StressTests.Attacks;

/// <summary>The options of an attack.</summary>
/// <param name="Time">The time for which the neighbours are measured during the attack, and by default before it.</param>
/// <param name="Share">The share of the attackers, and of their rate, to use.</param>
internal sealed record AttackOptions(TimeSpan Time, double Share)
{
    /// <summary>The time for which the neighbours are measured before the attack, if their latencies are checked.</summary>
    public TimeSpan QuietTime { get; init; } = Time;

    /// <summary>The time to settle before a measurement.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether the attackers run at low priority, because in reality they would not use the server's machine. The test then measures the
    /// server, and not how the system shares the processor. On a busy machine, the attackers would then make no progress.
    /// </summary>
    public bool AttackersYield { get; init; } = true;
}
