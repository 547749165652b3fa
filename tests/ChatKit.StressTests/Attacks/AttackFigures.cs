using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>The measurements during an attack.</summary>
/// <param name="PerSecond">The number of actions per second.</param>
/// <param name="Connections">The number of connections that the attackers opened.</param>
/// <param name="Latencies">The neighbours' latencies.</param>
/// <param name="Peak">The peak resident memory of the server, in bytes.</param>
/// <param name="Paused">The time for which garbage collection paused the server, in milliseconds.</param>
internal sealed record AttackFigures(double PerSecond, long Connections, Latencies Latencies, long Peak, double Paused);
