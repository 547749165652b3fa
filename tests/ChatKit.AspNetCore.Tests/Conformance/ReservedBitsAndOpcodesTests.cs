namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 6455 section 5.2: reserved bits and opcodes are errors unless an extension defines them.</summary>
[DependsOn(Aspect.Bytes)]
public abstract class ReservedBitsAndOpcodesTests(EchoServer server) : ConformanceTests(server)
{
    private const int Rsv1 = 0x40;
    private const int Rsv2 = 0x20;
    private const int Rsv3 = 0x10;

    public static MatrixTheoryData<int, int> Bits => new(
        [Rsv1, Rsv2, Rsv3, Rsv1 | Rsv2 | Rsv3],
        [ClientFrame.Text, ClientFrame.Binary, ClientFrame.Close, ClientFrame.Ping, ClientFrame.Pong]);

    public static MatrixTheoryData<int, bool> Opcodes => new([0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF], [true, false]);

    [Theory]
    [MemberData(nameof(Bits))]
    public Task A_reserved_bit_is_1002(int bits, int opcode) => FailsAsync(1002, ClientFrame.Of(bits | opcode, []));

    [Theory]
    [InlineData(Rsv1)]
    [InlineData(Rsv2)]
    [InlineData(Rsv3)]
    public Task A_reserved_bit_of_a_continuation_is_1002(int bit) => FailsAsync(
        1002,
        ClientFrame.Of(ClientFrame.Text, "a", final: false),
        ClientFrame.Of(bit | ClientFrame.Continuation, "b"));

    [Theory]
    [MemberData(nameof(Opcodes))]
    public Task A_reserved_opcode_is_1002(int opcode, bool final) => FailsAsync(1002, ClientFrame.Of(opcode, "hi"u8, final));

    [Theory]
    [InlineData(0x3)]
    [InlineData(0xB)]
    public Task A_reserved_opcode_between_fragments_is_1002(int opcode) => FailsAsync(
        1002,
        ClientFrame.Of(ClientFrame.Text, "a", final: false),
        ClientFrame.Of(opcode, ""),
        ClientFrame.Of(ClientFrame.Continuation, "b"));

    [Fact]
    public async Task Messages_before_the_fault_are_handled()
    {
        using var client = await ConnectAsync();
        await client.ExpectAliveAsync();

        await client.SendAsync(ClientFrame.Of(0x3, "hi"));

        await client.ExpectFaultAsync(1002);
        Assert.Equal(1, client.MessagesHandled);
    }
}
