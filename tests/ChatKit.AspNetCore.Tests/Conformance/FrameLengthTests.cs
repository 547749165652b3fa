using System.Globalization;
using System.Text;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 6455 section 5.2: the three encodings of a length, with the bytes cut anywhere.</summary>
[DependsOn(Aspect.Carrier)]
public abstract class FrameLengthTests(EchoServer server) : ConformanceTests(server)
{
    private static readonly int[] Edges = [0, 1, 125, 126, 127, 65_535, 65_536, EchoServer.MaxMessageSize];

    public static MatrixTheoryData<int, int> TypesAndLengths => new([ClientFrame.Text, ClientFrame.Binary], Edges);

    public static TheoryData<int> Lengths => [.. Edges];

    [Theory]
    [MemberData(nameof(TypesAndLengths))]
    public async Task A_message_at_the_limit_of_a_length_form_is_echoed(int opcode, int length)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.Of(opcode, Payload(length)));

        await client.ExpectAsync(opcode, Payload(length));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task A_header_may_be_split_at_any_offset(int length)
    {
        using var client = await ConnectAsync();
        var frame = ClientFrame.Of(ClientFrame.Binary, Payload(length));

        for (var cut = 1; cut <= frame.Length - length; cut++)
        {
            await client.SendAsync(frame[..cut]);
            await client.SendAsync(frame[cut..]);
            await client.ExpectAsync(ClientFrame.Binary, Payload(length));
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task A_header_may_arrive_byte_by_byte(int length)
    {
        using var client = await ConnectAsync();
        var frame = ClientFrame.Of(ClientFrame.Text, Payload(length));
        var header = frame.Length - length;

        await client.SendInPiecesAsync(frame[..header], 1);
        await client.SendAsync(frame[header..]);

        await client.ExpectAsync(ClientFrame.Text, Payload(length));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(1000)]
    public async Task A_frame_may_arrive_byte_by_byte(int length)
    {
        using var client = await ConnectAsync();

        await client.SendInPiecesAsync(ClientFrame.Of(ClientFrame.Text, Payload(length)), 1);

        await client.ExpectAsync(ClientFrame.Text, Payload(length));
    }

    [Fact]
    public async Task Many_messages_may_arrive_in_one_segment()
    {
        using var client = await ConnectAsync();
        var texts = Enumerable.Range(0, 500).Select(static i => $"message {i}").ToArray();

        await client.SendAsync([.. texts.Select(static text => ClientFrame.Of(ClientFrame.Text, text))]);

        foreach (var text in texts)
            await client.ExpectAsync(ClientFrame.Text, Encoding.UTF8.GetBytes(text));
    }

    [Fact]
    public async Task A_message_may_arrive_with_the_handshake()
    {
        using var client = await ConnectAsync(early: ClientFrame.Of(ClientFrame.Text, "early"));

        await client.ExpectAsync(ClientFrame.Text, "early"u8.ToArray());
    }

    [Theory]
    [InlineData(0, "Bits16")]
    [InlineData(5, "Bits16")]
    [InlineData(125, "Bits16")]
    [InlineData(0, "Bits64")]
    [InlineData(5, "Bits64")]
    [InlineData(126, "Bits64")]
    [InlineData(65_535, "Bits64")]
    public Task A_length_that_is_not_in_the_shortest_form_is_1002(int length, string form) =>
        FailsAsync(1002, ClientFrame.Of(ClientFrame.Text, Payload(length), form: Enum.Parse<LengthForm>(form)));

    [Theory]
    [InlineData("8000000000000000")]
    [InlineData("8000000000000001")]
    [InlineData("FFFFFFFFFFFFFFFF")]
    public async Task A_length_with_the_top_bit_set_is_1002_or_1009(string length)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(
            ClientFrame.Header(ClientFrame.Binary, ulong.Parse(length, NumberStyles.HexNumber, CultureInfo.InvariantCulture)));

        Assert.Contains(await client.Raw.ReceiveCloseAsync(), new[] { 1002, 1009 });
        await client.Raw.FinishAsync();
        Assert.False((await client.ClosedAsync()).WasClean);
    }

    [Theory]
    [InlineData(EchoServer.MaxMessageSize + 1L)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MaxValue + 1L)]
    [InlineData((1L << 32) + 5)]
    [InlineData(long.MaxValue)]
    public Task A_length_above_the_limit_is_1009_before_any_payload_arrives(long length) =>
        FailsAsync(1009, ClientFrame.Header(ClientFrame.Binary, (ulong)length));
}
