using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>What was measured during an attack.</summary>
/// <param name="PerSecond">How much the attackers did.</param>
/// <param name="Connections">How many connections they made.</param>
/// <param name="Latencies">How long the messages of the neighbours took.</param>
/// <param name="Peak">The most resident memory of the server, in bytes.</param>
/// <param name="Paused">For how many milliseconds the server stood still to find what nobody needs.</param>
internal sealed record AttackFigures(double PerSecond, long Connections, Latencies Latencies, long Peak, double Paused);
