using System.Net.WebSockets;
using System.Runtime.InteropServices;
using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.WebSockets;

namespace ChatKit.Tests.ChatKitV1;

public class WireFormatTests
{
    private static readonly WireFormat[] All =
    [
        WireFormat.Plain, WireFormat.V1, WireFormat.Compressed, WireFormat.Compressed | WireFormat.V1, WireFormat.SmallWindow,
        WireFormat.SmallWindow | WireFormat.V1,
    ];

    [Fact]
    public void Count_is_the_number_of_formats() => Assert.Equal(Enumerable.Range(0, WireFormats.Count), All.Select(static format => (int)format));

    [Fact]
    public void A_message_is_encoded_once_for_each_format()
    {
        var item = new RoomItem(Outgoing.Text(string.Concat(Enumerable.Repeat("all work and no play ", 100)), DateTimeOffset.UnixEpoch));

        byte[][] frames = [.. All.Select(format => item.Frame("lobby", format))];

        Assert.Equal(WireFormats.Count, frames.Distinct().Count());
        foreach (var (format, frame) in All.Zip(frames))
            Assert.Same(frame, item.Frame("lobby", format));
        Assert.True(frames[(int)WireFormat.Compressed].Length < frames[(int)WireFormat.SmallWindow].Length);
        Assert.True(frames[(int)WireFormat.SmallWindow].Length < frames[(int)WireFormat.Plain].Length);
    }

    [Fact]
    public void A_short_message_has_the_same_frame_with_and_without_compression()
    {
        var item = new RoomItem(Outgoing.Text("hi", DateTimeOffset.UnixEpoch));

        Assert.Same(item.Frame("lobby", WireFormat.Plain), item.Frame("lobby", WireFormat.SmallWindow));
        Assert.Equal(WebSocketMessageType.Text, WebSocketFrame.DataType(item.Frame("lobby", WireFormat.Compressed)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void A_payload_that_was_allocated_inside_a_frame_is_sent_without_copying(int length)
    {
        var message = Outgoing.Binary(new byte[length], DateTimeOffset.UnixEpoch);
        Assert.True(MemoryMarshal.TryGetArray(message.Data, out var segment));

        Assert.Same(segment.Array, new RoomItem(message).Frame("lobby", WireFormat.Plain));
    }

    [Fact]
    public void Any_other_payload_is_copied_into_a_frame()
    {
        byte[] around = [0x81, 3, .. "abc"u8, 0];
        var payload = around.AsMemory(2, 3);

        var frame = WebSocketFrame.Around(WebSocketMessageType.Text, payload);

        Assert.Equal(around[..^1], frame);
        Assert.Equal("abc"u8, WebSocketFrame.Payload(WebSocketFrame.Around(WebSocketMessageType.Text, "abc"u8.ToArray())));
        Assert.Equal(0x82, WebSocketFrame.Around(WebSocketMessageType.Binary, around.AsMemory(2, 3))[0]);
    }
}
