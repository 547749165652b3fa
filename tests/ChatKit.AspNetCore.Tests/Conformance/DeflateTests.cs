using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>RFC 7692 sections 6 and 7.2: compressed messages, each on its own.</summary>
[DependsOn(Aspect.Bytes)]
public abstract class DeflateTests(EchoServer server) : ConformanceTests(server)
{
    private const int CompressedText = ClientFrame.Compressed | ClientFrame.Text;
    private const int CompressedBinary = ClientFrame.Compressed | ClientFrame.Binary;

    /// <summary>Shorter messages are not compressed.</summary>
    private const int Threshold = 256;

    private static readonly int[] Edges = [0, 1, 125, 126, 255, 256, 257, 65_535, 65_536, 200_000, EchoServer.MaxMessageSize];

    /// <summary>"Hello" compressed as in RFC 7692 section 7.2.3, and in other ways.</summary>
    private static readonly Dictionary<string, string> HellosByName = new()
    {
        ["one block of fixed codes"] = "F248CDC9C90700",
        ["two blocks, an empty one between"] = "F24805000000FFFFCAC9C90700",
        ["a stored block"] = "000500FAFF48656C6C6F00",
        ["a final block"] = "F348CDC9C9070000",
        ["a final block, without the byte behind it"] = "F348CDC9C90700",
        ["a final stored block"] = "010500FAFF48656C6C6F00",
        ["an empty block before it"] = "000000FFFFF248CDC9C90700",
        ["empty blocks behind it"] = "F248CDC9C907000000FFFF000000FFFF000000FFFF00",
        ["a hundred empty blocks behind it"] = "F248CDC9C907000000FFFF" + string.Concat(Enumerable.Repeat("000000FFFF", 99)) + "00",
        ["a byte in each block"] = "000100FEFF48000100FEFF65000100FEFF6C000100FEFF6C000100FEFF6F00",
        ["something behind a final block, which nobody reads"] = "F348CDC9C907004142434445",
    };

    private static readonly Dictionary<string, string> CorruptByName = new()
    {
        ["nothing at all"] = "",
        ["a type of block that there is not"] = "FF",
        ["a torn block"] = "F248CDC9",
        ["a length that is not its own complement"] = "000500FAFE48656C6C6F00",
        ["a stored block with less than it says"] = "000500FAFF48656C",
        ["a distance before the beginning"] = "02034200",
        ["plain text"] = "48656C6C6F2C20776F726C64",
        ["a code that is not complete"] = "04C08101000000009020FF3F",
        ["a right block and a wrong one"] = "F248CDC9C907000000FFFFFF",
    };

    public static MatrixTheoryData<int, int> TypesAndLengths => new([ClientFrame.Text, ClientFrame.Binary], Edges);

    public static TheoryData<string> Hellos => [.. HellosByName.Keys];

    public static TheoryData<string> Corrupt => [.. CorruptByName.Keys];

    public static TheoryData<string> NotUtf8 => [.. Utf8Cases.Invalid.Keys, .. Utf8Cases.Truncated.Keys];

    public static MatrixTheoryData<ZLibCompressionStrategy, int> Kinds => new(
        [
            ZLibCompressionStrategy.Default, ZLibCompressionStrategy.Fixed, ZLibCompressionStrategy.HuffmanOnly,
            ZLibCompressionStrategy.RunLengthEncoding, ZLibCompressionStrategy.Filtered,
        ],
        [0, 1, 6, 9]);

    [Theory]
    [MemberData(nameof(TypesAndLengths))]
    public async Task A_message_of_any_length_is_echoed(int opcode, int length)
    {
        using var client = await ConnectAsync();

        await client.SendAsync(ClientFrame.Of(ClientFrame.Compressed | opcode, ClientDeflate.Compress(Payload(length))));

        await ExpectAsync(client, opcode, Payload(length));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(EchoServer.MaxMessageSize)]
    public async Task Incompressible_data_is_echoed(int length)
    {
        using var client = await ConnectAsync();
        var noise = RandomNumberGenerator.GetBytes(length);

        await client.SendAsync(ClientFrame.Of(CompressedBinary, ClientDeflate.Compress(noise)));

        await client.ExpectAsync(ClientFrame.Binary, noise);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Blocks_of_every_kind_are_inflated(ZLibCompressionStrategy strategy, int level)
    {
        using var client = await ConnectAsync();
        var options = new ZLibCompressionOptions { CompressionStrategy = strategy, CompressionLevel = level };

        foreach (var length in new[] { 10, 100_000 })
        {
            await client.SendAsync(ClientFrame.Of(CompressedText, ClientDeflate.Compress(Payload(length), options)));
            await ExpectAsync(client, ClientFrame.Text, Payload(length));
        }
    }

    [Theory]
    [MemberData(nameof(Hellos))]
    public async Task Blocks_may_be_combined_in_many_ways(string name)
    {
        using var client = await ConnectAsync();
        var hello = Convert.FromHexString(HellosByName[name]);

        // Twice, because a final block must only end its own message.
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(ClientFrame.Of(CompressedText, hello));
            await client.ExpectAsync(ClientFrame.Text, "Hello"u8.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Hellos))]
    public async Task A_compressed_message_may_be_fragmented_anywhere_with_only_its_first_frame_marked(string name)
    {
        using var client = await ConnectAsync();
        var hello = Convert.FromHexString(HellosByName[name]);

        for (var cut = 0; cut <= hello.Length; cut += Math.Max(1, hello.Length / 50))
        {
            await client.SendAsync(
                ClientFrame.Of(CompressedText, hello.AsSpan(0, cut), final: false),
                ClientFrame.Of(ClientFrame.Ping, [(byte)cut]),
                ClientFrame.Of(ClientFrame.Continuation, hello.AsSpan(cut)));
            await client.ExpectAsync(ClientFrame.Pong, [(byte)cut]);
            await client.ExpectAsync(ClientFrame.Text, "Hello"u8.ToArray());
        }

        await client.SendAsync(
            [.. hello.Select((b, i) => ClientFrame.Of(i == 0 ? CompressedText : ClientFrame.Continuation, [b], i == hello.Length - 1))]);
        await client.ExpectAsync(ClientFrame.Text, "Hello"u8.ToArray());
    }

    [Fact]
    public async Task Ten_thousand_fragments_of_one_byte()
    {
        using var client = await ConnectAsync();
        var noise = RandomNumberGenerator.GetBytes(10_000);
        var compressed = ClientDeflate.Compress(noise);
        Assert.True(compressed.Length >= 10_000);

        await client.SendAsync([.. compressed.Select(
            (b, i) => ClientFrame.Of(i == 0 ? CompressedBinary : ClientFrame.Continuation, [b], i == compressed.Length - 1))]);

        await client.ExpectAsync(ClientFrame.Binary, noise);
    }

    [Fact]
    public async Task A_client_may_compress_some_messages_and_not_others()
    {
        using var client = await ConnectAsync();

        for (var i = 0; i < 20; i++)
        {
            var payload = Payload(500 * i);
            await client.SendAsync(
                i % 2 == 0 ? ClientFrame.Of(ClientFrame.Text, payload) : ClientFrame.Of(CompressedText, ClientDeflate.Compress(payload)));
            await ExpectAsync(client, ClientFrame.Text, payload);
        }
    }

    [Fact]
    public async Task The_server_compresses_each_message_without_context()
    {
        using var client = await ConnectAsync();
        var first = ClientDeflate.Compress(Payload(5000));
        await client.SendAsync(ClientFrame.Of(CompressedText, first));
        var answer = await client.Raw.ReceiveFrameAsync();
        Assert.Equal(CompressedText, answer.Opcode);

        for (var i = 0; i < 10; i++)
        {
            await client.SendAsync(ClientFrame.Of(CompressedText, first));
            await client.ExpectAsync(CompressedText, answer.Payload);
        }
    }

    public static MatrixTheoryData<int, int> WindowsAndLengths => new(
        [8, 9, 10, 11, 12, 13, 14, 15], [.. Edges.Where(static length => length >= Threshold)]);

    /// <summary>RFC 7692 section 7.1.2.1: a client does not have to keep more data than the window that it requested.</summary>
    [Theory]
    [MemberData(nameof(WindowsAndLengths))]
    public async Task A_message_refers_back_at_most_as_far_as_the_window_of_the_client(int bits, int length)
    {
        using var client = await Server.ConnectAsync([], $"permessage-deflate; server_max_window_bits={bits}");

        await client.SendAsync(ClientFrame.Of(CompressedText, ClientDeflate.Compress(Payload(length))));

        var (opcode, payload) = await client.Raw.ReceiveFrameAsync();
        Assert.Equal(CompressedText, opcode);
        Assert.Equal(Payload(length), ClientDeflate.Inflate(payload));
        Assert.InRange(DeflateDistances.Longest(payload), 0, 1 << bits);
    }

    /// <summary>The negotiation forbids this, because the server does not keep the data that the message refers to.</summary>
    [Fact]
    public async Task A_client_that_keeps_its_compression_context_is_1007()
    {
        using var client = await ConnectAsync();
        using var output = new MemoryStream();
        using var deflate = new DeflateStream(output, CompressionLevel.SmallestSize, leaveOpen: true);
        var first = Next();
        await client.SendAsync(ClientFrame.Of(CompressedText, first));
        await ExpectAsync(client, ClientFrame.Text, Payload(1000));

        var second = Next();
        Assert.True(second.Length < first.Length / 2, "the second message refers back to the first");
        await client.SendAsync(ClientFrame.Of(CompressedText, second));

        await client.ExpectFaultAsync(1007);

        byte[] Next()
        {
            output.SetLength(0);
            deflate.Write(Payload(1000));
            deflate.Flush();
            return output.ToArray()[..^4];
        }
    }

    [Theory]
    [MemberData(nameof(Corrupt))]
    public async Task Invalid_compressed_data_is_1007(string name)
    {
        var bytes = Convert.FromHexString(CorruptByName[name]);
        await FailsDeflatedAsync(1007, ClientFrame.Of(CompressedBinary, bytes));
        await FailsDeflatedAsync(
            1007, ClientFrame.Of(CompressedText, bytes, final: false), ClientFrame.Of(ClientFrame.Continuation, []));
    }

    [Theory]
    [MemberData(nameof(NotUtf8))]
    public async Task Compressed_text_that_is_not_UTF8_is_1007(string name)
    {
        byte[] bytes = [.. "before: "u8, .. Utf8Cases.Invalid.GetValueOrDefault(name) ?? Utf8Cases.Truncated[name]];
        await FailsDeflatedAsync(1007, ClientFrame.Of(CompressedText, ClientDeflate.Compress(bytes)));

        using var client = await ConnectAsync();
        await client.SendAsync(ClientFrame.Of(CompressedBinary, ClientDeflate.Compress(bytes)));
        await client.ExpectAsync(ClientFrame.Binary, bytes);
    }

    [Theory]
    [InlineData(ClientFrame.Ping)]
    [InlineData(ClientFrame.Pong)]
    [InlineData(ClientFrame.Close)]
    [InlineData(ClientFrame.Continuation)]
    public async Task RSV1_where_it_is_not_allowed_is_1002(int opcode)
    {
        await FailsDeflatedAsync(1002, ClientFrame.Of(ClientFrame.Compressed | opcode, [0x03, 0xE8]));
        foreach (var first in new[] { ClientFrame.Text, CompressedText })
        {
            await FailsDeflatedAsync(
                1002, ClientFrame.Of(first, [0xF2], final: false), ClientFrame.Of(ClientFrame.Compressed | opcode, [0x03, 0xE8]));
        }
    }

    [Theory]
    [InlineData(0x20)]
    [InlineData(0x10)]
    [InlineData(0x30)]
    public Task The_other_reserved_bits_stay_reserved(int bits) =>
        FailsDeflatedAsync(1002, ClientFrame.Of(bits | CompressedText, Convert.FromHexString("F248CDC9C90700")));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(1024 * 1024 * 128)]
    public async Task The_limit_applies_to_the_inflated_size(int beyond)
    {
        using var client = await ConnectAsync();
        var zeros = ClientDeflate.CompressZeros(EchoServer.MaxMessageSize + beyond);
        var middle = zeros.Length / 2;

        await client.SendAsync(
            ClientFrame.Of(CompressedBinary, zeros.AsSpan(0, middle), final: false),
            ClientFrame.Of(ClientFrame.Continuation, zeros.AsSpan(middle)));

        if (beyond > 0)
            await client.ExpectFaultAsync(1009);
        else
            await ExpectAsync(client, ClientFrame.Binary, new byte[EchoServer.MaxMessageSize]);
    }

    [Fact]
    public Task A_compressed_message_over_the_limit_is_1009_before_it_has_arrived() =>
        FailsDeflatedAsync(1009, ClientFrame.Header(CompressedBinary, EchoServer.MaxMessageSize * 2));

    private Task<EchoClient> ConnectAsync() => Server.ConnectAsync([], "permessage-deflate; client_max_window_bits");

    private async Task FailsDeflatedAsync(int code, params byte[][] frames)
    {
        using var client = await ConnectAsync();
        await client.SendAsync(frames);
        await client.ExpectFaultAsync(code);
    }

    /// <summary>Expects this message next, compressed on its own unless it is short or incompressible.</summary>
    private static async Task ExpectAsync(EchoClient client, int opcode, byte[] payload)
    {
        var frame = await client.Raw.ReceiveFrameAsync();
        Assert.Equal(payload.Length < Threshold ? opcode : ClientFrame.Compressed | opcode, frame.Opcode);
        Assert.Equal(payload, payload.Length < Threshold ? frame.Payload : ClientDeflate.Inflate(frame.Payload));
    }
}
