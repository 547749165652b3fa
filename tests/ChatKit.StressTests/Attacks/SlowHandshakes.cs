using System.Text;
using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>Incomplete requests that grow by one byte per second (slowloris).</summary>
internal sealed class SlowHandshakes() : Attack("slow-handshakes", "bytes", perSecond: 1000, attackers: 1000)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        var request = Encoding.Latin1.GetBytes(RawClient.Handshake("/chat/slow"));
        var draining = intruder.DrainAsync(stop);
        for (var i = 0; i < request.Length && !draining.IsCompleted; i++)
        {
            await Pace.TakeAsync(1, stop);
            await intruder.SendAsync(request.AsMemory(i, 1), stop);
            await Task.Delay(Interval, stop);
        }
    }
}
