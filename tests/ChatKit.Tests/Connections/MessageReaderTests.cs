using System.Buffers;
using System.IO.Compression;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.Connections;

public class MessageReaderTests
{
    private const int Compressed = 0x40;
    private const int Limit = 1000;

    /// <summary>Of everything something, and what is to be found in it.</summary>
    private static readonly byte[] Sample =
    [
        .. Of(WebSocketFrame.TextOpcode, "whole é"u8),
        .. Of(WebSocketFrame.TextOpcode, ""u8),
        .. Of(WebSocketFrame.TextOpcode, "漢💬"u8[..5], final: false),
        .. Of(WebSocketFrame.PingOpcode, "ping"u8),
        .. Of(WebSocketFrame.ContinuationOpcode, ""u8, final: false),
        .. Of(WebSocketFrame.PongOpcode, ""u8),
        .. Of(WebSocketFrame.ContinuationOpcode, "漢💬"u8[5..]),
        .. Of(WebSocketFrame.BinaryOpcode, new byte[200]),
        .. Of(Compressed | WebSocketFrame.TextOpcode, ClientDeflate.Compress("deflated"u8).AsSpan(..4), final: false),
        .. Of(WebSocketFrame.ContinuationOpcode, ClientDeflate.Compress("deflated"u8).AsSpan(4..)),
        .. Of(WebSocketFrame.CloseOpcode, [0x03, 0xE8, (byte)'b', (byte)'y', (byte)'e']),
    ];

    private static readonly string[] Found =
    [
        $"Text {Hex("whole é"u8)}", "Text ", $"Ping {Hex("ping"u8)}", "Pong ", $"Text {Hex("漢💬"u8)}", $"Binary {Hex(new byte[200])}",
        $"Text {Hex("deflated"u8)}", "Close 1000 bye",
    ];

    [Fact]
    public void A_stream_has_the_same_messages_wherever_it_is_split()
    {
        for (var split = 0; split <= Sample.Length; split++)
            Assert.Equal(Found, Read(Sample, Sample.Length, split, Sample.Length));
    }

    [Fact]
    public void A_stream_has_the_same_messages_when_it_arrives_byte_by_byte() =>
        Assert.Equal(Found, Read(Sample, Sample.Length, [.. Enumerable.Range(1, Sample.Length)]));

    [Fact]
    public void A_stream_has_the_same_messages_however_the_buffer_is_segmented()
    {
        for (var size = 1; size <= Sample.Length; size++)
            Assert.Equal(Found, Read(Sample, size, Sample.Length));
    }

    [Fact]
    public void A_buffer_is_rented_only_while_a_message_is_incomplete()
    {
        using var reader = new MessageReader(Limit, deflate: false);

        // The pool gives a thread what it has returned last: as long as the reader holds it, it is another one.
        var pooled = Peek();
        Assert.Equal(InboundFrame.Nothing, ReadOne(reader, Of(WebSocketFrame.TextOpcode, "a"u8, final: false)));
        Assert.NotSame(pooled, Peek());
        Assert.Equal(InboundFrame.Ping, ReadOne(reader, Of(WebSocketFrame.PingOpcode, ""u8)));
        Assert.NotSame(pooled, Peek());
        Assert.Equal(InboundFrame.Message, ReadOne(reader, Of(WebSocketFrame.ContinuationOpcode, "b"u8)));
        Assert.Same(pooled, Peek());

        Assert.Equal(InboundFrame.Message, ReadOne(reader, Of(WebSocketFrame.TextOpcode, "c"u8)));
        Assert.Equal(InboundFrame.Nothing, ReadOne(reader, Of(WebSocketFrame.TextOpcode, "d"u8)[..6]));
        Assert.Same(pooled, Peek());

        static byte[] Peek()
        {
            var array = ArrayPool<byte>.Shared.Rent(4096);
            ArrayPool<byte>.Shared.Return(array);
            return array;
        }
    }

    [Fact]
    public void A_message_is_not_referenced_after_it_was_returned()
    {
        using var reader = new MessageReader(Limit, deflate: false);
        var data = ReadMessage(reader);

        Assert.Equal(InboundFrame.Nothing, ReadOne(reader, []));
        GC.Collect();

        Assert.False(data.IsAlive);
        GC.KeepAlive(reader);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference ReadMessage(MessageReader reader)
        {
            Assert.Equal(InboundFrame.Message, ReadOne(reader, Of(WebSocketFrame.BinaryOpcode, new byte[100])));
            Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(reader.Message.Data, out var data));
            return new WeakReference(data.Array);
        }
    }

    [Theory]
    [InlineData(CompressionLevel.Optimal)]
    [InlineData(CompressionLevel.Fastest)]
    [InlineData(CompressionLevel.NoCompression)]
    public void An_incompressible_message_may_be_as_large_as_the_limit(CompressionLevel level)
    {
        const int Size = 200 * 1024;
        var data = new byte[Size];
        Random.Shared.NextBytes(data);
        var compressed = ClientDeflate.Compress(data, level);
        Assert.True(compressed.Length > Size);

        foreach (var (limit, expected) in new[] { (Size, InboundFrame.Message), (Size - 1, InboundFrame.Fault) })
        {
            using var reader = new MessageReader(limit, deflate: true);
            Assert.Equal(expected, ReadOne(reader, Of(Compressed | WebSocketFrame.BinaryOpcode, compressed)));

            if (expected == InboundFrame.Message)
                Assert.True(reader.Message.Data.Span.SequenceEqual(data));
            else
                Assert.Same(ProtocolFault.TooBig, reader.Fault);
        }
    }

    [Theory]
    [InlineData(Limit, false, true)]
    [InlineData(Limit + 1, false, false)]
    [InlineData(Limit + 1, true, true)]
    [InlineData((Limit * 2) + 1000, true, false)]
    [InlineData(int.MaxValue, true, false)]
    public void A_payload_beyond_its_limit_is_rejected_when_its_header_is_read(int length, bool compressed, bool taken)
    {
        using var reader = new MessageReader(Limit, deflate: true);
        byte[] header = [(byte)(0x82 | (compressed ? Compressed : 0)), 0xFF, 0, 0, 0, 0, .. BigEndian(length), 1, 2, 3, 4];
        if (length <= ushort.MaxValue)
            header = [header[0], 0xFE, .. BigEndian(length)[2..], 1, 2, 3, 4];

        Assert.Equal(taken ? InboundFrame.Nothing : InboundFrame.Fault, ReadOne(reader, header));

        Assert.Same(taken ? null : ProtocolFault.TooBig, reader.Fault);

        static byte[] BigEndian(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_limit_applies_to_all_fragments_together(bool compressed)
    {
        using var reader = new MessageReader(Limit, deflate: true);
        var first = Of(WebSocketFrame.BinaryOpcode | (compressed ? Compressed : 0), new byte[600], final: false);
        var next = Of(WebSocketFrame.ContinuationOpcode, new byte[600], final: false);

        var found = ReadOne(reader, first);
        var fragments = 1;
        for (; found == InboundFrame.Nothing && fragments < 10; fragments++)
            found = ReadOne(reader, next);

        Assert.Same(ProtocolFault.TooBig, reader.Fault);
        Assert.Equal(compressed ? 4 : 2, fragments);
    }

    /// <summary>Reads a stream of which first so much has come, then so much. Says what was found.</summary>
    private static List<string> Read(byte[] stream, int segmentSize, params int[] arrivals)
    {
        using var reader = new MessageReader(Limit, deflate: true);
        List<string> found = [];
        var begin = 0;
        foreach (var end in arrivals)
        {
            var buffer = Segments.Of(stream[begin..end], segmentSize);
            while (reader.Read(ref buffer) is var inbound and not InboundFrame.Nothing)
                found.Add(Describe(reader, inbound));
            begin = end - (int)buffer.Length;
        }

        Assert.Equal(stream.Length, begin);
        return found;
    }

    private static string Describe(MessageReader reader, InboundFrame found) => found switch
    {
        InboundFrame.Message => $"{reader.Message.Type} {Hex(reader.Message.Data.Span)}",
        InboundFrame.Ping or InboundFrame.Pong => $"{found} {Hex(reader.Payload)}",
        InboundFrame.Close => $"Close {(int)reader.CloseStatus} {reader.CloseReason}",
        _ => $"{found} {reader.Fault}",
    };

    private static InboundFrame ReadOne(MessageReader reader, byte[] bytes)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        return reader.Read(ref buffer);
    }

    private static byte[] Of(int opcode, ReadOnlySpan<byte> payload, bool final = true) =>
        Frame.FromClient(opcode, payload, final, key: 0x9A7B5C3D);

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);
}
