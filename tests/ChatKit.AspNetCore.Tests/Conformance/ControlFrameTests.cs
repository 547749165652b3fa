namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 6455 section 5.5: control frames are short and not fragmented, and can appear anywhere.</summary>
[DependsOn(Aspect.Carrier)]
public abstract class ControlFrameTests(EchoServer server) : ConformanceTests(server)
{
    private static readonly byte[] NotUtf8 = [0xFF, 0x00, 0xC3, 0x28];

    public static TheoryData<int> Opcodes => [ClientFrame.Close, ClientFrame.Ping, ClientFrame.Pong];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(124)]
    [InlineData(125)]
    public async Task A_ping_is_answered_with_its_payload(int length)
    {
        using var client = await ConnectAsync();
        var ping = ClientFrame.Of(ClientFrame.Ping, Payload(length));

        await client.SendAsync(ping);
        await client.ExpectAsync(ClientFrame.Pong, Payload(length));

        await client.SendInPiecesAsync(ping, 1);
        await client.ExpectAsync(ClientFrame.Pong, Payload(length));
    }

    [Fact]
    public async Task A_pings_payload_need_not_be_text()
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.Of(ClientFrame.Ping, NotUtf8));

        await client.ExpectAsync(ClientFrame.Pong, NotUtf8);
    }

    [Theory]
    [MemberData(nameof(Opcodes))]
    public async Task A_control_frame_of_126_bytes_or_more_is_1002(int opcode)
    {
        await FailsAsync(1002, ClientFrame.Of(opcode, [0x03, 0xE8, .. Payload(124)]));
        await FailsAsync(1002, ClientFrame.Of(opcode, [0x03, 0xE8, .. Payload(70_000)]));
    }

    [Theory]
    [MemberData(nameof(Opcodes))]
    public async Task A_control_frame_in_fragments_is_1002(int opcode)
    {
        await FailsAsync(1002, ClientFrame.Of(opcode, [0x03, 0xE8], final: false));
        await FailsAsync(
            1002,
            ClientFrame.Of(ClientFrame.Text, "a", final: false),
            ClientFrame.Of(opcode, [0x03, 0xE8], final: false),
            ClientFrame.Of(ClientFrame.Continuation, "b"));
    }

    [Fact]
    public async Task A_ping_between_fragments_is_answered_at_once_and_does_not_affect_the_message()
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "he", final: false), ClientFrame.Of(ClientFrame.Ping, "1"));
        await client.ExpectAsync(ClientFrame.Pong, "1"u8.ToArray());
        await client.SendAsync(ClientFrame.Of(ClientFrame.Continuation, "ll", final: false), ClientFrame.Of(ClientFrame.Ping, "2"));
        await client.ExpectAsync(ClientFrame.Pong, "2"u8.ToArray());
        await client.SendAsync(ClientFrame.Of(ClientFrame.Continuation, "o"));

        await client.ExpectAsync(ClientFrame.Text, "hello"u8.ToArray());
    }

    [Fact]
    public async Task A_ping_in_the_same_segment_as_the_fragments_is_answered_before_the_message()
    {
        using var client = await ConnectAsync();

        await client.SendAsync(
            ClientFrame.Of(ClientFrame.Text, "he", final: false),
            ClientFrame.Of(ClientFrame.Ping, "ping"),
            ClientFrame.Of(ClientFrame.Continuation, "llo"));

        await client.ExpectAsync(ClientFrame.Pong, "ping"u8.ToArray());
        await client.ExpectAsync(ClientFrame.Text, "hello"u8.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    public async Task An_unsolicited_pong_is_ignored(int length)
    {
        using var client = await ConnectAsync();
        var pong = ClientFrame.Of(ClientFrame.Pong, Payload(length));

        await client.SendAsync(pong, pong);
        await client.ExpectAliveAsync();

        await client.SendAsync(ClientFrame.Of(ClientFrame.Text, "a", final: false), pong, ClientFrame.Of(ClientFrame.Continuation, "b"));
        await client.ExpectAsync(ClientFrame.Text, "ab"u8.ToArray());
        Assert.Equal(2, client.MessagesHandled);
    }

    /// <summary>RFC 6455 section 5.5.3 only requires the latest. Clients that count their pongs expect all.</summary>
    [Fact]
    public async Task Ten_pings_in_one_segment_are_all_answered_in_order()
    {
        using var client = await ConnectAsync();

        for (var round = 0; round < 3; round++)
        {
            await client.SendAsync([.. Enumerable.Range(0, 10).Select(static i => ClientFrame.Of(ClientFrame.Ping, [(byte)i]))]);
            for (byte i = 0; i < 10; i++)
                await client.ExpectAsync(ClientFrame.Pong, [i]);
        }

        await client.ExpectAliveAsync();
    }

    [Fact]
    public async Task The_server_answers_at_least_the_last_ping_of_a_flood()
    {
        using var client = await ConnectAsync();

        await client.SendAsync([.. Enumerable.Range(0, 50_000).Select(static i => ClientFrame.Of(ClientFrame.Ping, BitConverter.GetBytes(i)))]);

        for (var last = -1; last < 49_999;)
        {
            var (opcode, payload) = await client.Raw.ReceiveFrameAsync();
            Assert.Equal(ClientFrame.Pong, opcode);
            Assert.InRange(BitConverter.ToInt32(payload), last + 1, 49_999);
            last = BitConverter.ToInt32(payload);
        }

        await client.ExpectAliveAsync();
    }
}
