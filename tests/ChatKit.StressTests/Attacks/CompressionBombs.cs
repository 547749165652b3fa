using System.IO.Compression;
using ChatKit.StressTests.Harness;

namespace ChatKit.StressTests.Attacks;

/// <summary>Small messages that inflate to 60 MiB.</summary>
internal sealed class CompressionBombs() : Attack("compression-bombs", "bombs of 60 MiB", perSecond: 200, attackers: 20)
{
    private const int Inflated = 60 * 1024 * 1024;

    private static readonly byte[] Bomb = CreateBomb();

    protected override async Task LiveAsync(Intruder intruder, int attacker, CancellationToken stop)
    {
        await Pace.TakeAsync(1, stop);
        var draining = await OpenAsync(intruder, "/chat/bombs", stop, "Sec-WebSocket-Extensions: permessage-deflate");
        await intruder.SendAsync(Bomb, stop);
        intruder.Finish();
        await draining;
    }

    private static byte[] CreateBomb()
    {
        using var compressed = new MemoryStream();
        using (var deflate = new DeflateStream(compressed, CompressionLevel.SmallestSize))
            deflate.Write(new byte[Inflated]);
        return ClientFrame.Of(ClientFrame.Binary | ClientFrame.Compressed, compressed.ToArray());
    }
}
