using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>Ten thousand silent connections, which are opened at a rate and stay open.</summary>
internal sealed class SilentConnections() : Attack("silent-connections", "connections", perSecond: 1000, attackers: 10_000)
{
    public override int MemoryLimit => 320;

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        await Pace.TakeAsync(1, stop);
        await await OpenAsync(intruder, "/chat/silent", stop);
    }
}
