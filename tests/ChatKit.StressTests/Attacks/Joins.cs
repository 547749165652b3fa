using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Attacks;

/// <summary>Clients that keep joining new rooms.</summary>
internal sealed class Joins() : Attack("joins", "joins", perSecond: 2000, attackers: 20)
{
    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        var draining = await OpenAsync(intruder, "/chat/joins", stop);
        for (var i = 0; !draining.IsCompleted; i++)
        {
            await Pace.TakeAsync(1, stop);
            await intruder.SendAsync(ClientFrame.Of(ClientFrame.Text, $"{StressHandler.Join}join-{attacker}-{i}"), stop);
        }
    }
}
