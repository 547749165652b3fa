using System.Net.WebSockets;
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
    public void The_formats_are_counted() => Assert.Equal(Enumerable.Range(0, WireFormats.Count), All.Select(static format => (int)format));

    [Fact]
    public void A_message_has_one_frame_for_each_format_which_is_made_once()
    {
        var message = Outgoing.Text(string.Concat(Enumerable.Repeat("all work and no play ", 100)), DateTimeOffset.UnixEpoch);

        byte[][] frames = [.. All.Select(format => Outgoing.FrameOf("lobby", message, format))];

        Assert.Equal(WireFormats.Count, frames.Distinct().Count());
        foreach (var (format, frame) in All.Zip(frames))
            Assert.Same(frame, Outgoing.FrameOf("lobby", message, format));
        Assert.True(frames[(int)WireFormat.Compressed].Length < frames[(int)WireFormat.SmallWindow].Length);
        Assert.True(frames[(int)WireFormat.SmallWindow].Length < frames[(int)WireFormat.Plain].Length);
    }

    [Fact]
    public void What_is_short_has_one_frame_whether_it_may_be_compressed_or_not()
    {
        var message = Outgoing.Text("hi", DateTimeOffset.UnixEpoch);

        Assert.Same(Outgoing.FrameOf("lobby", message), Outgoing.FrameOf("lobby", message, WireFormat.SmallWindow));
        Assert.Equal(WebSocketMessageType.Text, WebSocketFrame.DataType(Outgoing.FrameOf("lobby", message, WireFormat.Compressed)));
    }
}
