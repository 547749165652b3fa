using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>Clients that each enter a new room and store a message in it.</summary>
internal sealed class NewRooms() : Attack("new-rooms", "connections", perSecond: 300, attackers: 20)
{
    private static readonly string Prefix = Guid.NewGuid().ToString("N");

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        await Pace.TakeAsync(1, stop);
        if (await intruder.OpenAsync($"/chat/{Prefix}-{attacker}-{Connections}", stop) != 101)
            return;
        await intruder.SendAsync(ClientFrame.Of(ClientFrame.Text, "I was here"), stop);

        // The message is received, so it is stored.
        await intruder.ReceiveAsync(stop);
    }
}
