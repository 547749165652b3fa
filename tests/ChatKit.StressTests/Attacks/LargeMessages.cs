using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Attacks;

/// <summary>Messages of the maximum size, and then one that is a byte larger.</summary>
internal sealed class LargeMessages() : Attack("large-messages", "messages of 64 KiB", perSecond: 100, attackers: 10)
{
    private const int Allowed = 8;
    private const int Rooms = 2;

    private static readonly byte[] Largest = ClientFrame.Of(ClientFrame.Binary, new byte[StressServer.MaxMessageSize]);
    private static readonly byte[] TooLarge = ClientFrame.Of(ClientFrame.Binary, new byte[StressServer.MaxMessageSize + 1]);

    public override int MemoryLimit => 224;

    public override int KeptMemory => Rooms * StressServer.HistoryCapacity * StressServer.MaxMessageSize / 1024 / 1024;

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        var draining = await OpenAsync(intruder, $"/chat/large-{attacker % Rooms}", stop);
        for (var i = 0; i <= Allowed && !draining.IsCompleted; i++)
        {
            await Pace.TakeAsync(1, stop);
            await intruder.SendAsync(i == Allowed ? TooLarge : Largest, stop);
        }

        intruder.Finish();
        await draining;
    }
}
