using System.Net.WebSockets;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.WebSockets;

public class WebSocketFrameTests
{
    [Theory]
    [InlineData(0, new byte[] { 0x82, 0 })]
    [InlineData(125, new byte[] { 0x82, 125 })]
    [InlineData(126, new byte[] { 0x82, 126, 0, 126 })]
    [InlineData(65535, new byte[] { 0x82, 126, 0xFF, 0xFF })]
    [InlineData(65536, new byte[] { 0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0 })]
    public void A_frame_has_the_shortest_header_that_holds_its_length(int length, byte[] header)
    {
        var data = new byte[length];
        Random.Shared.NextBytes(data);

        var frame = WebSocketFrame.Create(WebSocketMessageType.Binary, data, out var payload);

        Assert.Equal(header, frame[..header.Length].ToArray());
        Assert.Equal(data, frame[header.Length..].ToArray());
        Assert.Equal(data, payload.ToArray());
    }

    [Fact]
    public void A_text_frame_is_encoded_as_utf8()
    {
        var frame = WebSocketFrame.Text("é😀", out var payload);

        Assert.Equal([0x81, 6, 0xC3, 0xA9, 0xF0, 0x9F, 0x98, 0x80], frame.ToArray());
        Assert.Equal(frame[2..].ToArray(), payload.ToArray());
    }

    [Fact]
    public void The_type_decides_the_opcode()
    {
        Assert.Equal(0x81, WebSocketFrame.Create(WebSocketMessageType.Text, "a"u8, out _)[0]);
        Assert.Equal(0x82, WebSocketFrame.Create(WebSocketMessageType.Binary, "a"u8, out _)[0]);
    }

    [Theory]
    [InlineData(WebSocketCloseStatus.NormalClosure, null, new byte[] { 0x88, 2, 0x03, 0xE8 })]
    [InlineData(WebSocketCloseStatus.NormalClosure, "", new byte[] { 0x88, 2, 0x03, 0xE8 })]
    [InlineData((WebSocketCloseStatus)4999, "no", new byte[] { 0x88, 4, 0x13, 0x87, (byte)'n', (byte)'o' })]
    public void A_close_frame_has_code_and_reason(WebSocketCloseStatus code, string? reason, byte[] expected)
    {
        var frame = WebSocketFrame.Close(code, reason);

        Assert.Equal(expected, frame.ToArray());
        Assert.Null(WebSocketFrame.ReadClose(frame.AsSpan(2), out var read, out var readReason));
        Assert.Equal((code, string.IsNullOrEmpty(reason) ? null : reason), (read, readReason));
    }

    [Fact]
    public void A_close_frame_with_the_longest_reason_is_a_valid_control_frame()
    {
        var frame = WebSocketFrame.Close(WebSocketCloseStatus.NormalClosure, new string('r', WebSocketFrame.MaxReasonBytes));

        Assert.Equal([0x88, 125], frame[..2].ToArray());
    }

    [Fact]
    public void The_opcode_of_a_frame_is_read()
    {
        Assert.Equal(WebSocketFrame.PingOpcode, WebSocketFrame.Opcode(WebSocketFrame.Ping.Span));
        Assert.Equal(WebSocketFrame.CloseOpcode, WebSocketFrame.Opcode(WebSocketFrame.Close(WebSocketCloseStatus.NormalClosure, null)));
        Assert.Equal(Frame.TextOpcode, WebSocketFrame.Opcode(Frame.OfText("a").Span));
    }

    [Theory]
    [InlineData(999, false)]
    [InlineData(1000, true)]
    [InlineData(1003, true)]
    [InlineData(1004, false)]
    [InlineData(1005, false)]
    [InlineData(1006, false)]
    [InlineData(1007, true)]
    [InlineData(1014, true)]
    [InlineData(1015, false)]
    [InlineData(2999, false)]
    [InlineData(3000, true)]
    [InlineData(4999, true)]
    [InlineData(5000, false)]
    [InlineData(0, false)]
    [InlineData(-1, false)]
    [InlineData(66536, false)]
    public void MaySend_allows_only_codes_that_may_be_sent(int code, bool allowed) =>
        Assert.Equal(allowed, WebSocketFrame.MaySend((WebSocketCloseStatus)code));
}
