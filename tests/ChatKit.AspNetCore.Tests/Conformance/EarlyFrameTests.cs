namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>Frames in the same segment as the handshake, which the reader of the handshake reads, are not lost.</summary>
[DependsOn(Aspect.Carrier)]
public abstract class EarlyFrameTests(EchoServer server) : ConformanceTests(server)
{
    [Theory]
    [InlineData(1, 10)]
    [InlineData(100, 1000)]
    [InlineData(2, 200_000)]
    public async Task Frames_in_one_segment_with_the_handshake_are_not_lost(int count, int size)
    {
        var payloads = Enumerable.Range(0, count).Select(i => Payload(size + i)).ToList();

        using var client = await ConnectAsync(early: [.. payloads.SelectMany(static p => ClientFrame.Of(ClientFrame.Binary, p))]);

        foreach (var payload in payloads)
            await client.ExpectAsync(ClientFrame.Binary, payload);
        await client.ExpectAliveAsync();
    }

    [Theory]
    [InlineData(false, 1002)]
    [InlineData(true, 4000)]
    public async Task A_frame_that_ends_the_connection_may_arrive_with_the_handshake(bool right, int code)
    {
        using var client = await ConnectAsync(early: right ? ClientFrame.CloseWith(4000) : ClientFrame.Of(0x3, "hi"));

        if (right)
            await client.ExpectCloseAsync(code);
        else
            await client.ExpectFaultAsync(code);
    }
}
