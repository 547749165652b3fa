using System.Buffers;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.Connections;

public class CloseSearchTests
{
    private static readonly byte[] Close = ClientFrame.CloseWith(1002, "sorry");

    /// <summary>What a client may send, right or wrong, and what is no close frame although it looks like one at first.</summary>
    private static readonly byte[] Others =
    [
        .. ClientFrame.Of(ClientFrame.Text, "hi"),
        .. ClientFrame.Of(ClientFrame.Text, "not masked"u8, key: null),
        .. ClientFrame.Of(ClientFrame.Ping, ""),
        .. ClientFrame.Of(ClientFrame.Binary, [.. Close, .. Close]),
        .. ClientFrame.Of(ClientFrame.Binary, new byte[300]),
        .. ClientFrame.Of(ClientFrame.Binary, new byte[70_000]),
        .. ClientFrame.Of(ClientFrame.Text, "length in a long form"u8, form: LengthForm.Bits64),
        .. ClientFrame.Of(0x70 | 0x3, "of no kind"),
        .. ClientFrame.Of(ClientFrame.Close, "in fragments", final: false),
        .. ClientFrame.Of(0x40 | ClientFrame.Close, "with a reserved bit"),
        .. ClientFrame.Of(ClientFrame.Close, new byte[126]),
    ];

    [Fact]
    public void A_close_frame_after_other_frames_is_found_wherever_the_stream_is_split()
    {
        byte[] stream = [.. Others, .. Close];
        foreach (var split in Enumerable.Range(0, 300).Concat(Enumerable.Range(stream.Length - 300, 300)))
        {
            var search = new CloseSearch(ProtocolFault.TooBig, rest: 0, isFound: false);
            var begin = new ReadOnlySequence<byte>(stream.AsMemory(0, split));

            Assert.False(search.Read(ref begin));
            var rest = new ReadOnlySequence<byte>(stream.AsMemory(split - (int)begin.Length));
            Assert.True(search.Read(ref rest));
            Assert.True(rest.IsEmpty);
        }
    }

    [Fact]
    public void A_close_frame_is_found_however_the_buffer_is_segmented()
    {
        for (var size = 1; size < 20; size++)
        {
            var buffer = Segments.Of([.. Others, .. Close], size);
            Assert.True(new CloseSearch(ProtocolFault.TooBig, rest: 0, isFound: false).Read(ref buffer));
        }
    }

    [Fact]
    public void A_close_frame_need_not_be_masked()
    {
        var buffer = new ReadOnlySequence<byte>(ClientFrame.Of(ClientFrame.Close, [0x03, 0xE8], key: null));
        Assert.True(new CloseSearch(ProtocolFault.TooBig, rest: 0, isFound: false).Read(ref buffer));
    }

    [Fact]
    public void The_rest_of_the_faulty_frame_is_not_searched()
    {
        var search = new CloseSearch(ProtocolFault.TooBig, rest: Close.Length, isFound: false);
        var buffer = new ReadOnlySequence<byte>([.. Close, .. Close[..^1]]);

        Assert.False(search.Read(ref buffer));
        buffer = new ReadOnlySequence<byte>(Close.AsMemory()[^1..]);
        Assert.True(search.Read(ref buffer));
    }

    [Fact]
    public void Bytes_after_the_close_frame_are_not_read()
    {
        var buffer = new ReadOnlySequence<byte>([.. Close, .. Others]);
        Assert.True(new CloseSearch(ProtocolFault.TooBig, rest: 0, isFound: false).Read(ref buffer));
        Assert.Equal(Others.Length, buffer.Length);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(ulong.MaxValue)]
    public void Nothing_is_found_after_a_frame_that_does_not_end(ulong length)
    {
        var search = new CloseSearch(ProtocolFault.TooBig, rest: 0, isFound: false);
        var buffer = new ReadOnlySequence<byte>([.. ClientFrame.Header(ClientFrame.Binary, length), .. Close]);

        Assert.False(search.Read(ref buffer));
        Assert.True(buffer.IsEmpty);
    }

    [Fact]
    public void Bytes_that_are_not_frames_are_discarded()
    {
        var search = new CloseSearch(ProtocolFault.TooBig, rest: 0, isFound: false);
        for (var i = 0; i < 100; i++)
        {
            var buffer = new ReadOnlySequence<byte>([.. Enumerable.Repeat((byte)'x', 1000)]);
            Assert.False(search.Read(ref buffer));
            Assert.InRange(buffer.Length, 0, 13);
        }
    }

    [Fact]
    public void An_invalid_close_frame_ends_the_search()
    {
        using var reader = new MessageReader(1000, deflate: false);
        var buffer = new ReadOnlySequence<byte>([.. ClientFrame.CloseWith(1006), .. Others]);

        Assert.Equal(InboundFrame.Fault, reader.Read(ref buffer));
        Assert.True(reader.Closing!.Read(ref buffer));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    public void A_search_starts_where_the_reader_found_the_fault(int cut)
    {
        foreach (var fault in (byte[][])
        [
            ClientFrame.Of(ClientFrame.Text, [0xFF, .. new byte[100]]),
            ClientFrame.Of(ClientFrame.Text, new byte[2000]),
            ClientFrame.Of(ClientFrame.Continuation, new byte[100]),
            ClientFrame.Of(0x40 | ClientFrame.Text, new byte[100]),
            ClientFrame.Of(0x3, new byte[100]),
            ClientFrame.Of(ClientFrame.Ping, new byte[130]),
            ClientFrame.Of(ClientFrame.Text, new byte[100], form: LengthForm.Bits64),
        ])
        {
            using var reader = new MessageReader(1000, deflate: false);
            byte[] stream = [.. fault, .. Close];
            var buffer = new ReadOnlySequence<byte>(stream.AsMemory(0, fault.Length - cut));
            Assert.Equal(InboundFrame.Fault, reader.Read(ref buffer));
            Assert.False(reader.Closing!.Read(ref buffer));

            buffer = new ReadOnlySequence<byte>(stream.AsMemory(fault.Length - cut - (int)buffer.Length));
            Assert.True(reader.Closing!.Read(ref buffer));
            Assert.True(buffer.IsEmpty);
        }
    }
}
