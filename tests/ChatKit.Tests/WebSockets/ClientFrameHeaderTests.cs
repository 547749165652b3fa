using System.Buffers;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.WebSockets;

public class ClientFrameHeaderTests
{
    private const int MaskLength = 4;

    [Theory]
    [InlineData(0, 2)]
    [InlineData(125, 2)]
    [InlineData(126, 4)]
    [InlineData(65_535, 4)]
    [InlineData(65_536, 10)]
    public void A_header_is_read_however_the_buffer_is_segmented(int length, int headerLength)
    {
        var frame = Frame.FromClient(0x40 | WebSocketFrame.BinaryOpcode, new byte[length], final: false, key: 0x44332211);

        for (var size = 1; size <= headerLength + MaskLength + 1; size++)
        {
            var buffer = Segments.Of(frame, size);
            Assert.True(ClientFrameHeader.TryRead(ref buffer, out var header, out var fault));

            Assert.Null(fault);
            Assert.Equal((WebSocketFrame.BinaryOpcode, false), (header.Opcode, header.IsControl));
            Assert.Equal((false, true), (header.IsFinal, header.IsDeflated));
            Assert.Equal((length, 0x44332211u), (header.PayloadLength, header.MaskKey));
            Assert.Equal(frame[(headerLength + MaskLength)..], buffer.ToArray());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(70_000)]
    public void An_incomplete_header_is_not_consumed(int length)
    {
        var frame = Frame.FromClient(WebSocketFrame.TextOpcode, new byte[length]);

        for (var have = 0; have < frame.Length - length; have++)
        {
            var buffer = Segments.Of(frame[..have], size: 3);
            Assert.False(ClientFrameHeader.TryRead(ref buffer, out _, out var fault));

            Assert.Null(fault);
            Assert.Equal(have, buffer.Length);
        }
    }

    [Theory]
    [InlineData(0x91, 0x80)]
    [InlineData(0xA1, 0x80)]
    [InlineData(0x83, 0x80)]
    [InlineData(0x87, 0x80)]
    [InlineData(0x8B, 0x80)]
    [InlineData(0x8F, 0x80)]
    [InlineData(0x81, 0x00)]
    [InlineData(0x09, 0x80)]
    [InlineData(0x89, 0xFE)]
    [InlineData(0x88, 0xFF)]
    public void A_fault_in_the_first_two_bytes_is_found_before_the_rest_arrives(int first, int second)
    {
        var buffer = new ReadOnlySequence<byte>([(byte)first, (byte)second]);

        Assert.False(ClientFrameHeader.TryRead(ref buffer, out _, out var fault));

        Assert.Equal(1002, (int)fault!.Code);
    }

    [Theory]
    [InlineData(new byte[] { 0xFE, 0, 125 }, false)]
    [InlineData(new byte[] { 0xFE, 0, 126 }, true)]
    [InlineData(new byte[] { 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF }, false)]
    [InlineData(new byte[] { 0xFF, 0, 0, 0, 0, 0, 1, 0, 0 }, true)]
    [InlineData(new byte[] { 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, true)]
    [InlineData(new byte[] { 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0 }, false)]
    public void A_length_must_have_the_shortest_form_and_at_most_63_bits(byte[] length, bool right)
    {
        var buffer = new ReadOnlySequence<byte>([0x82, .. length, 0, 0, 0, 0]);

        Assert.Equal(right, ClientFrameHeader.TryRead(ref buffer, out _, out var fault));

        Assert.Equal(right ? null : 1002, (int?)fault?.Code);
    }
}
