using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>Endless messages, in fragments of one byte and of none.</summary>
internal sealed class TinyFragments() : Attack("tiny-fragments", "fragments", perSecond: 100_000, attackers: 20)
{
    private const int Batch = 200;

    private static readonly byte[] Burst =
    [
        .. Enumerable.Range(0, Batch).SelectMany(static i =>
            ClientFrame.Of(ClientFrame.Continuation, i % 2 == 0 ? "" : "x", final: false)),
    ];

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        var draining = await OpenAsync(intruder, "/chat/fragments", stop);
        await intruder.SendAsync(ClientFrame.Of(ClientFrame.Text, "", final: false), stop);
        await FloodAsync(intruder, Burst, Batch, draining, stop);
    }
}
