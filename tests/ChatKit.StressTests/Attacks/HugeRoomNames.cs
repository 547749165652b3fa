using ChatKit.StressTests.Harness;
using ChatKit.StressTests.Serving;

namespace ChatKit.StressTests.Attacks;

/// <summary>Room names that are far too long, in URLs and in messages.</summary>
internal sealed class HugeRoomNames() : Attack("huge-room-names", "names of 4 or 60 KiB", perSecond: 300, attackers: 20)
{
    private static readonly string Long = new('n', 4 * 1024);
    private static readonly string Huge = new('n', 60 * 1024);
    private static readonly byte[] JoinHuge = ClientFrame.Of(ClientFrame.Text, StressHandler.Join + Huge);

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        switch (attacker % 3)
        {
            case 0:
                var draining = await OpenAsync(intruder, "/chat/names", stop);
                await FloodAsync(intruder, JoinHuge, 1, draining, stop);
                break;
            case 1:
                await Pace.TakeAsync(1, stop);
                await intruder.OpenAsync($"/chat/{Long}", stop);
                break;
            default:
                await Pace.TakeAsync(1, stop);
                await intruder.OpenAsync($"/chat/{Huge}", stop);
                break;
        }
    }
}
