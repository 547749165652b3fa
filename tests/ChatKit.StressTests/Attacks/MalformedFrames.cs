using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>Clients that connect, violate the protocol, disconnect, and connect again.</summary>
internal sealed class MalformedFrames() : Attack("malformed-frames", "connections", perSecond: 500, attackers: 20)
{
    private static readonly byte[][] Malformed =
    [
        ClientFrame.Of(0x3, "a reserved opcode"),
        ClientFrame.Of(ClientFrame.Text, "not masked"u8, key: null),
        ClientFrame.Of(ClientFrame.Text, [0xFF, 0xFE]),
        ClientFrame.Of(ClientFrame.Continuation, "of nothing"),
        ClientFrame.Of(ClientFrame.Ping, new string('p', 126)),
        ClientFrame.Header(ClientFrame.Binary, 1UL << 62),
        ClientFrame.CloseWith(1005),
    ];

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        await Pace.TakeAsync(1, stop);
        var draining = await OpenAsync(intruder, "/chat/malformed", stop);
        await intruder.SendAsync(Malformed[Connections % Malformed.Length], stop);
        intruder.Finish();
        await draining;
    }
}
