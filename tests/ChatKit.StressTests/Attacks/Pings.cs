using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>A flood of pings, many in each packet.</summary>
internal sealed class Pings() : Attack("pings", "pings", perSecond: 50_000, attackers: 20)
{
    private const int Batch = 100;

    private static readonly byte[] Burst =
        [.. Enumerable.Range(0, Batch).SelectMany(static i => ClientFrame.Of(ClientFrame.Ping, $"ping {i}"))];

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        var draining = await OpenAsync(intruder, "/chat/pings", stop);
        await FloodAsync(intruder, Burst, Batch, draining, stop);
    }
}
