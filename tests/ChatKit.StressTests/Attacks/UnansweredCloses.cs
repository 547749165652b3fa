using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Attacks;

/// <summary>Clients that the server closes, and that neither answer nor disconnect.</summary>
internal sealed class UnansweredCloses() : Attack("unanswered-closes", "closes", perSecond: 200, attackers: 1000)
{
    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        await Pace.TakeAsync(1, stop);
        var draining = await OpenAsync(intruder, "/chat/closes", stop);
        await intruder.SendAsync(ClientFrame.Of(ClientFrame.Text, StressHandler.Close), stop);
        await draining;
    }
}
