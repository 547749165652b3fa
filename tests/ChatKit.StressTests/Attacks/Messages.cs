using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>A room in which every member floods the others with messages.</summary>
internal sealed class Messages() : Attack("messages", "messages of 200 bytes", perSecond: 2000, attackers: 20)
{
    private const int MessageSize = 200;

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        var draining = await OpenAsync(intruder, "/chat/shouting", stop);
        await FloodAsync(intruder, ClientFrame.Of(ClientFrame.Text, new string('m', MessageSize)), 1, draining, stop);
    }
}
