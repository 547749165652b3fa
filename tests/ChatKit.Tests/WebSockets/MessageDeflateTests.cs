using System.Net.WebSockets;
using System.Text;
using ChatKit.WebSockets;

namespace ChatKit.Tests.WebSockets;

public class MessageDeflateTests
{
    private const int Limit = 1024 * 1024;

    /// <summary>The examples of RFC 7692 sections 7.2.3.1, 7.2.3.3, 7.2.3.4 and 7.2.3.5.</summary>
    public static TheoryData<string> Hellos =>
        ["F248CDC9C90700", "000500FAFF48656C6C6F00", "F348CDC9C9070000", "F24805000000FFFFCAC9C90700"];

    [Theory]
    [InlineData(MessageDeflate.Threshold)]
    [InlineData(MessageDeflate.Threshold + 1)]
    [InlineData(1000)]
    [InlineData(8192)]
    [InlineData(65536)]
    [InlineData(3_000_000)]
    public void A_text_survives_compression_and_gets_smaller(int length)
    {
        var payload = Text(length);

        var frame = MessageDeflate.Frame(WebSocketMessageType.Text, payload);

        Assert.NotNull(frame);
        var compressed = PayloadOf(frame);
        Assert.InRange(compressed.Length, 1, length - 1);
        Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate(compressed, length, out var data));
        Assert.Equal(payload, data);
    }

    [Theory]
    [InlineData(MessageDeflate.Threshold)]
    [InlineData(1000)]
    [InlineData(65536)]
    [InlineData(3_000_000)]
    public void With_a_small_window_a_text_gets_smaller_and_refers_back_at_most_one_byte(int length)
    {
        byte[] payload = [.. Text(length - 50), .. Enumerable.Repeat((byte)'-', 50)];

        var frame = MessageDeflate.Frame(WebSocketMessageType.Text, payload, smallWindow: true);

        Assert.NotNull(frame);
        var compressed = PayloadOf(frame);
        Assert.InRange(compressed.Length, 1, length * 3 / 4);
        Assert.Equal(1, DeflateDistances.Longest(compressed));
        Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate(compressed, length, out var data));
        Assert.Equal(payload, data);
    }

    [Fact]
    public void With_the_default_window_a_text_uses_the_whole_window()
    {
        byte[] payload = [.. Text(200), .. Noise(30_000), .. Text(200), .. new byte[3000]];

        var compressed = PayloadOf(MessageDeflate.Frame(WebSocketMessageType.Binary, payload)!);

        Assert.InRange(DeflateDistances.Longest(compressed), 30_000, 32_768);
    }

    [Theory]
    [InlineData(WebSocketMessageType.Text, 0xC1)]
    [InlineData(WebSocketMessageType.Binary, 0xC2)]
    public void A_compressed_frame_has_the_final_and_compressed_bits(WebSocketMessageType type, byte head) =>
        Assert.Equal(head, MessageDeflate.Frame(type, Text(1000))![0]);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(MessageDeflate.Threshold - 1)]
    public void A_short_payload_is_not_compressed(int length) =>
        Assert.Null(MessageDeflate.Frame(WebSocketMessageType.Text, new byte[length]));

    [Theory]
    [InlineData(MessageDeflate.Threshold)]
    [InlineData(1000)]
    [InlineData(65536)]
    [InlineData(1_000_000)]
    public void A_payload_that_would_not_get_smaller_is_not_compressed(int length) =>
        Assert.Null(MessageDeflate.Frame(WebSocketMessageType.Binary, Noise(length)));

    [Fact]
    public async Task The_WebSocket_class_of_NET_reads_the_frame()
    {
        var frame = MessageDeflate.Frame(WebSocketMessageType.Text, Text(5000));

        Assert.Equal(Text(5000), await ReadAsPlatformAsync(frame!));
    }

    [Fact]
    public void A_random_payload_that_gets_smaller_survives_compression()
    {
        var random = new Random(7692);
        for (var i = 0; i < 500; i++)
        {
            // From one letter to all bytes, so that some just shrink and some just do not.
            var payload = new byte[random.Next(MessageDeflate.Threshold, 20_000)];
            var letters = random.Next(1, 256);
            for (var j = 0; j < payload.Length; j++)
                payload[j] = (byte)random.Next(letters);

            if (MessageDeflate.Frame(WebSocketMessageType.Binary, payload) is not { } frame)
                continue;
            Assert.True(frame.Length < payload.Length + 4);
            Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate(PayloadOf(frame), payload.Length, out var data));
            Assert.Equal(payload, data);
        }
    }

    [Theory]
    [MemberData(nameof(Hellos))]
    public void The_examples_of_the_rfc_are_inflated(string hex)
    {
        Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate(Convert.FromHexString(hex), 5, out var data));

        Assert.Equal("Hello", Encoding.UTF8.GetString(data!));
    }

    [Fact]
    public void A_final_block_without_the_byte_after_it_is_inflated()
    {
        Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate(Convert.FromHexString("F348CDC9C90700"), Limit, out var data));

        Assert.Equal("Hello", Encoding.UTF8.GetString(data!));
    }

    [Fact]
    public void An_empty_message_is_inflated()
    {
        Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate([0x00], 1, out var data));

        Assert.Empty(data!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("FF")]
    [InlineData("000500FAFE48656C6C6F00")]
    [InlineData("48656C6C6F2C20776F726C64")]
    public void Bytes_that_are_not_deflate_are_corrupt(string hex)
    {
        Assert.Equal(InflateResult.Corrupt, MessageDeflate.Inflate(Convert.FromHexString(hex), Limit, out var data));

        Assert.Null(data);
    }

    [Theory]
    [InlineData("F248CDC9")]
    [InlineData("F248CDC9C907")]
    [InlineData("000500FAFF48656C")]
    [InlineData("002000DFFF48")]
    public void A_truncated_stream_is_corrupt_even_if_the_appended_bytes_are_read_as_data(string hex)
    {
        Assert.Equal(InflateResult.Corrupt, MessageDeflate.Inflate(Convert.FromHexString(hex), Limit, out var data));

        Assert.Null(data);
    }

    [Fact]
    public void Random_input_never_throws_and_never_exceeds_the_limit()
    {
        var random = new Random(1951);
        var good = PayloadOf(MessageDeflate.Frame(WebSocketMessageType.Text, Text(2000))!);
        for (var i = 0; i < 20_000; i++)
        {
            byte[] bytes = i % 2 == 0 ? new byte[random.Next(1, 64)] : [.. good];
            if (i % 2 == 0)
                random.NextBytes(bytes);
            else
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));

            var result = MessageDeflate.Inflate(bytes, 4000, out var data);

            Assert.Equal(result == InflateResult.Ok, data is not null);
            Assert.True(data is null || data.Length <= 4000);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(100_000)]
    public void The_limit_applies_to_the_inflated_data(int limit)
    {
        Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate(ClientDeflate.CompressZeros(limit), limit, out var whole));
        Assert.Equal(InflateResult.TooBig, MessageDeflate.Inflate(ClientDeflate.CompressZeros(limit + 1), limit, out var none));

        Assert.Equal(limit, whole!.Length);
        Assert.Null(none);
    }

    [Fact]
    public void A_compression_bomb_is_rejected_without_being_inflated()
    {
        var bomb = ClientDeflate.CompressZeros(1024 * 1024 * 1024);
        Assert.InRange(bomb.Length, 900_000, 6_000_000);
        const int limit = 64 * 1024;
        Assert.Equal(InflateResult.TooBig, MessageDeflate.Inflate(bomb, limit, out _));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(InflateResult.TooBig, MessageDeflate.Inflate(bomb, limit, out _));

        // The buffers come from the pool, where the first try has left them.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * limit);
    }

    [Fact]
    public void Little_is_allocated_in_addition_to_the_frame_and_the_data()
    {
        var payload = Text(10_000);
        var compressed = PayloadOf(MessageDeflate.Frame(WebSocketMessageType.Text, payload)!);
        MessageDeflate.Inflate(compressed, Limit, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();

        MessageDeflate.Frame(WebSocketMessageType.Text, payload);
        MessageDeflate.Inflate(compressed, Limit, out _);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, compressed.Length + payload.Length + 2000);
    }

    [Fact]
    public void Many_threads_can_compress_and_inflate_concurrently() =>
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, static i =>
        {
            var payload = Text(MessageDeflate.Threshold + i * 7);
            var frame = MessageDeflate.Frame(WebSocketMessageType.Text, payload);
            Assert.NotNull(frame);
            Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate(PayloadOf(frame), Limit, out var data));
            Assert.Equal(payload, data);
        });

    /// <summary>Text that repeats itself as people do.</summary>
    private static byte[] Text(int length)
    {
        var text = new StringBuilder(length + 64);
        for (var i = 0; text.Length < length; i++)
            text.Append(i % 10).Append(": grüße an alle, wer kommt heute? ");
        return Encoding.UTF8.GetBytes(text.ToString())[..length];
    }

    private static byte[] Noise(int length)
    {
        var noise = new byte[length];
        new Random(length).NextBytes(noise);
        return noise;
    }

    /// <summary>The payload, after the header that its length asks for.</summary>
    private static byte[] PayloadOf(byte[] frame)
    {
        var header = ServerFrame.HeaderSize(frame);
        Assert.Equal((int)ServerFrame.PayloadLength(frame), frame.Length - header);
        return frame[header..];
    }

    private static async Task<byte[]> ReadAsPlatformAsync(byte[] frame)
    {
        using var socket = WebSocket.CreateFromStream(new MemoryStream(frame), new WebSocketCreationOptions
        {
            DangerousDeflateOptions = new WebSocketDeflateOptions { ClientContextTakeover = false, ServerContextTakeover = false },
        });
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            length += result.Count;
            if (result.EndOfMessage)
                return buffer[..length];
        }
    }
}
