using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>A busy room in which a hundred clients read nothing but send signs of life. Five others send messages.</summary>
internal sealed class NeverReading() : Attack("never-reading", "messages of 4 KiB", perSecond: 100, attackers: 105)
{
    private const int SmallBuffer = 4096;
    private const int MessageSize = 4096;
    private const int Senders = 5;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override int? ReceiveBuffer => SmallBuffer;

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        const string Room = "/chat/busy";
        if (attacker < Senders)
        {
            var draining = await OpenAsync(intruder, Room, stop);
            await FloodAsync(intruder, ClientFrame.Of(ClientFrame.Text, new string('x', MessageSize)), 1, draining, stop);
        }

        await intruder.OpenAsync(Room, stop);
        while (true)
        {
            await intruder.SendAsync(ClientFrame.Of(ClientFrame.Pong, ""), stop);
            await Task.Delay(Interval, stop);
        }
    }
}
