namespace ChatKit.StressTests.Attacks;

/// <summary>How an attack is made.</summary>
/// <param name="Time">For how long the neighbours are watched during it, and before it unless told otherwise.</param>
/// <param name="Share">With how much of all attackers, and of their rate.</param>
internal sealed record AttackOptions(TimeSpan Time, double Share)
{
    /// <summary>For how long the neighbours are watched before it, where it matters how long they wait.</summary>
    public TimeSpan QuietTime { get; init; } = Time;

    /// <summary>How long everything is left in peace before it is looked at.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether the attackers only get the processor when nobody else wants it. So it is the server that is measured, and not how the system
    /// shares a processor which attackers would have elsewhere. On a busy machine they would not get anything done.
    /// </summary>
    public bool AttackersYield { get; init; } = true;
}
