using System.Net.Sockets;
using System.Net.WebSockets;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.Connections;

public class PipeTransportTests
{
    private const int WritesBeforeProbe = 8;

    /// <summary>The kernel doubles what it is asked for, on both sides.</summary>
    private const int LargerThanBothBuffers = 8 * PipeAndSocket.SocketBuffer;

    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task All_writes_before_the_probe_go_to_the_pipe()
    {
        using var way = await PipeAndSocket.CreateAsync();

        await way.WriteAsync(WritesBeforeProbe - 1);

        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], way.TakeTextsFromPipe());
        Assert.Empty(await way.TakeAllFromSocketAsync());
    }

    [Fact]
    public async Task The_probe_follows_the_frames_and_delays_the_write_until_the_pong()
    {
        using var way = await PipeAndSocket.CreateAsync();
        await way.WriteAsync(WritesBeforeProbe - 1);
        way.TakeFromPipe();

        var writing = way.Transport.WriteAsync((byte[])[.. Frame.OfText("a").Span, .. Frame.OfText("b").Span]).AsTask();
        var frames = way.TakeFromPipe();

        Assert.Equal([Frame.TextOpcode, Frame.TextOpcode, WebSocketFrame.PingOpcode], frames.Select(static f => f.Opcode));
        Assert.Equal(["a", "b"], frames.Take(2).Select(static f => f.Text));
        Assert.False(writing.IsCompleted);
        way.Transport.OnPong(frames[2].Payload);
        await writing.Soon();
        Assert.Empty(way.TakeFromPipe());
        Assert.Empty(await way.TakeAllFromSocketAsync());
    }

    [Fact]
    public async Task Each_probe_has_a_payload_of_its_own()
    {
        using var one = await PipeAndSocket.CreateAsync();
        using var other = await PipeAndSocket.CreateAsync();

        var (_, ping) = await ProbeAsync(one);
        var (_, otherPing) = await ProbeAsync(other);

        Assert.Equal(sizeof(long), ping.Length);
        Assert.NotEqual(ping, otherPing);
    }

    [Fact]
    public async Task Frames_enqueued_while_the_probe_is_pending_wait_in_the_queue()
    {
        using var way = await PipeAndSocket.CreateAsync();
        var queue = new OutboundQueue(way.Transport, 1000, new OutboundListener(static e => Assert.Fail(e.ToString())));
        for (var i = 0; i < WritesBeforeProbe; i++)
            queue.TryEnqueue(Frame.OfText($"{i}"));
        var ping = way.TakeFromPipe()[^1];

        queue.TryEnqueue(Frame.OfText("later"));
        queue.EnqueuePing(WebSocketFrame.Ping);

        Assert.Empty(way.TakeFromPipe());
        Assert.Equal(0, way.Peer.Available);
        way.Transport.OnPong(ping.Payload);
        await queue.WaitUntilIdleAsync().Soon();
        Assert.Empty(way.TakeFromPipe());
        Assert.Equal(["", "later"], (await way.TakeAllFromSocketAsync()).Select(static f => f.Text));
    }

    [Fact]
    public async Task Pongs_do_not_count_as_writes_before_the_probe()
    {
        using var way = await PipeAndSocket.CreateAsync();
        for (var i = 0; i < WritesBeforeProbe * 2; i++)
            await way.Transport.WriteAsync(WebSocketFrame.Control(WebSocketFrame.PongOpcode, []));

        await way.WriteAsync(WritesBeforeProbe - 1);

        Assert.DoesNotContain(way.TakeFromPipe(), static frame => frame.Opcode == WebSocketFrame.PingOpcode);
    }

    [Theory]
    [InlineData(WritesBeforeProbe - 1)]
    [InlineData(WritesBeforeProbe - 2)]
    public async Task No_ping_follows_a_close_frame(int writesBefore)
    {
        using var way = await PipeAndSocket.CreateAsync();
        var queue = new OutboundQueue(way.Transport, 1000, new OutboundListener(static e => Assert.Fail(e.ToString())));
        for (var i = 0; i < writesBefore; i++)
            queue.TryEnqueue(Frame.OfText($"{i}"));

        queue.EnqueueLast(WebSocketFrame.Close(WebSocketCloseStatus.NormalClosure, null));

        await queue.WaitUntilIdleAsync().Soon();
        Assert.Equal(WebSocketFrame.CloseOpcode, way.TakeFromPipe()[^1].Opcode);
    }

    [Fact]
    public async Task A_pending_probe_delays_nothing_once_the_connection_closes()
    {
        using var way = await PipeAndSocket.CreateAsync();
        var (writing, _) = await ProbeAsync(way);

        way.Transport.OnClosing();

        await writing.Soon();
        await way.WriteAsync("next");
        Assert.Equal(["next"], way.TakeTextsFromPipe());
    }

    [Fact]
    public async Task All_writes_after_the_pong_go_to_the_socket()
    {
        using var way = await PipeAndSocket.CreateAsync();
        await SwitchAsync(way);

        await way.WriteAsync(100);

        Assert.Empty(way.TakeFromPipe());
        Assert.Equal(Enumerable.Range(0, 100).Select(static i => $"{i}"), (await way.TakeAllFromSocketAsync()).Select(static f => f.Text));
    }

    [Fact]
    public async Task Frames_larger_than_the_sockets_buffer_arrive_whole_however_slowly_they_are_read()
    {
        using var way = await PipeAndSocket.CreateAsync();
        await SwitchAsync(way);
        string[] texts = [.. Enumerable.Range(0, 3).Select(static i => new string((char)('a' + i), LargerThanBothBuffers)), "end"];

        var first = way.Transport.WriteAsync(Frame.OfText(texts[0])).AsTask();
        Assert.False(first.IsCompleted);
        var writing = WriteRestAsync();
        var received = await ReadInPiecesAsync(way.Peer, texts.Sum(static t => Frame.OfText(t).Length), size: 64 * 1024);
        await writing.Soon();

        Assert.Equal(texts, Frame.Parse(received).Select(static f => f.Text));
        Assert.Equal(0, way.Peer.Available);

        async Task WriteRestAsync()
        {
            await first;
            foreach (var text in texts[1..])
                await way.Transport.WriteAsync(Frame.OfText(text));
        }
    }

    [Fact]
    public async Task A_pong_with_another_payload_is_not_taken_for_the_answer()
    {
        using var way = await PipeAndSocket.CreateAsync();
        var (writing, ping) = await ProbeAsync(way);

        way.Transport.OnPong([]);
        way.Transport.OnPong(ping.AsSpan(1));
        way.Transport.OnPong([.. ping, 0]);
        way.Transport.OnPong([.. ping[..^1], (byte)~ping[^1]]);
        way.Clock.Advance(ProbeTimeout);
        await writing.Soon();
        await way.WriteAsync("next");

        Assert.Equal(["next"], way.TakeTextsFromPipe());
    }

    [Fact]
    public async Task A_pong_that_arrives_just_before_the_timeout_counts()
    {
        using var way = await PipeAndSocket.CreateAsync();
        var (writing, ping) = await ProbeAsync(way);

        way.Clock.Advance(ProbeTimeout - TimeSpan.FromMilliseconds(1));
        way.Transport.OnPong(ping);
        await writing.Soon();
        await way.WriteAsync("next");

        Assert.Empty(way.TakeFromPipe());
    }

    [Fact]
    public async Task Without_a_pong_the_pipe_stays_in_use_and_the_next_probe_follows_after_eight_times_as_many_writes()
    {
        using var way = await PipeAndSocket.CreateAsync();

        for (var writes = WritesBeforeProbe; writes <= 8 * 8 * 8; writes *= 8)
        {
            await way.WriteAsync(writes - 1);
            Assert.Equal(Enumerable.Range(0, writes - 1).Select(static i => $"{i}"), way.TakeTextsFromPipe());
            var writing = way.Transport.WriteAsync(Frame.OfText("probed")).AsTask();
            Assert.Equal([Frame.TextOpcode, WebSocketFrame.PingOpcode], way.TakeFromPipe().Select(static f => f.Opcode));
            way.Clock.Advance(ProbeTimeout);
            await writing.Soon();
        }

        Assert.Empty(await way.TakeAllFromSocketAsync());
    }

    [Fact]
    public async Task A_late_pong_has_no_effect()
    {
        using var way = await PipeAndSocket.CreateAsync();
        var (first, late) = await ProbeAsync(way);
        way.Clock.Advance(ProbeTimeout);
        await first.Soon();

        way.Transport.OnPong(late);
        await way.WriteAsync("after it");
        Assert.Equal(["after it"], way.TakeTextsFromPipe());

        // Nor does it while the next one is under way.
        await way.WriteAsync((WritesBeforeProbe * 8) - 2);
        var second = way.Transport.WriteAsync(Frame.OfText("probed")).AsTask();
        Assert.Equal(WebSocketFrame.PingOpcode, way.TakeFromPipe()[^1].Opcode);
        way.Transport.OnPong(late);
        way.Clock.Advance(ProbeTimeout);
        await second.Soon();
        await way.WriteAsync("still");
        Assert.Equal(["still"], way.TakeTextsFromPipe());
    }

    [Fact]
    public async Task A_second_probe_that_is_answered_switches_to_the_socket()
    {
        using var way = await PipeAndSocket.CreateAsync();
        var (first, _) = await ProbeAsync(way);
        way.Clock.Advance(ProbeTimeout);
        await first.Soon();
        await way.WriteAsync((WritesBeforeProbe * 8) - 1);
        var second = way.Transport.WriteAsync(Frame.OfText("probed")).AsTask();

        way.Transport.OnPong(way.TakeFromPipe()[^1].Payload);
        await second.Soon();
        await way.WriteAsync("direct");

        Assert.Empty(way.TakeFromPipe());
        Assert.Equal("direct", Assert.Single(await way.TakeAllFromSocketAsync()).Text);
    }

    [Fact]
    public async Task Without_a_socket_no_probe_is_sent()
    {
        using var way = await PipeAndSocket.CreateAsync();
        var transport = new PipeTransport(way, socket: null, way.Clock);

        for (var i = 0; i < 100; i++)
            await transport.WriteAsync(Frame.OfText($"{i}")).AsTask().Soon();

        Assert.Equal(Enumerable.Range(0, 100).Select(static i => $"{i}"), way.TakeTextsFromPipe());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(WritesBeforeProbe - 1)]
    public async Task A_write_to_a_pipe_whose_reader_has_completed_fails(int writesBefore)
    {
        using var way = await PipeAndSocket.CreateAsync();
        await way.WriteAsync(writesBefore);

        await way.Sent.CompleteAsync();

        await Assert.ThrowsAsync<IOException>(() => way.WriteAsync("a"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(WritesBeforeProbe - 1)]
    public async Task A_write_that_is_cancelled_fails(int writesBefore)
    {
        using var way = await PipeAndSocket.CreateAsync();
        await way.WriteAsync(writesBefore);

        way.Output.CancelPendingFlush();

        await Assert.ThrowsAsync<IOException>(() => way.WriteAsync("a"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_that_waits_for_the_pipes_reader_fails_with_the_pipe(bool cancelled)
    {
        using var way = await PipeAndSocket.CreateAsync(pipeBuffer: 100);
        var writing = way.Transport.WriteAsync(Frame.OfText(new string('x', 200))).AsTask();
        Assert.False(writing.IsCompleted);

        if (cancelled)
            way.Output.CancelPendingFlush();
        else
            await way.Sent.CompleteAsync();

        await Assert.ThrowsAsync<IOException>(() => writing.Soon());
    }

    [Fact]
    public async Task A_write_waits_for_the_pipes_reader()
    {
        using var way = await PipeAndSocket.CreateAsync(pipeBuffer: 100);
        var writing = way.Transport.WriteAsync(Frame.OfText(new string('x', 200))).AsTask();
        Assert.False(writing.IsCompleted);

        way.TakeFromPipe();

        await writing.Soon();
    }

    [Fact]
    public async Task A_write_to_a_closed_socket_fails()
    {
        using var way = await PipeAndSocket.CreateAsync();
        await SwitchAsync(way);

        way.Socket.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => way.WriteAsync("a"));
    }

    [Fact]
    public async Task A_write_in_progress_fails_when_the_socket_is_closed()
    {
        using var way = await PipeAndSocket.CreateAsync();
        await SwitchAsync(way);
        var writing = way.Transport.WriteAsync(Frame.OfText(new string('x', LargerThanBothBuffers))).AsTask();
        Assert.False(writing.IsCompleted);

        way.Socket.Dispose();

        await Assert.ThrowsAsync<SocketException>(() => writing.Soon());
    }

    [Fact]
    public async Task A_write_in_progress_fails_when_the_client_resets_the_connection()
    {
        using var way = await PipeAndSocket.CreateAsync();
        await SwitchAsync(way);
        var writing = way.Transport.WriteAsync(Frame.OfText(new string('x', LargerThanBothBuffers))).AsTask();
        Assert.False(writing.IsCompleted);

        way.Peer.Reset();

        await Assert.ThrowsAsync<SocketException>(() => writing.Soon());
    }

    /// <summary>Writes until a probe is under way. Leaves the pipe empty.</summary>
    private static async Task<(Task Writing, byte[] Ping)> ProbeAsync(PipeAndSocket way)
    {
        await way.WriteAsync(WritesBeforeProbe - 1);
        var writing = way.Transport.WriteAsync(Frame.OfText("probed")).AsTask();
        var ping = way.TakeFromPipe()[^1];
        Assert.Equal(WebSocketFrame.PingOpcode, ping.Opcode);
        return (writing, ping.Payload);
    }

    /// <summary>Writes, and answers the probe, so that the socket is used from now on.</summary>
    private static async Task SwitchAsync(PipeAndSocket way)
    {
        var (writing, ping) = await ProbeAsync(way);
        way.Transport.OnPong(ping);
        await writing.Soon();
    }

    private static async Task<byte[]> ReadInPiecesAsync(Socket socket, int length, int size)
    {
        var bytes = new byte[length];
        var read = 0;
        while (read < length)
            read += await socket.ReceiveAsync(bytes.AsMemory(read, Math.Min(size, length - read))).AsTask().Soon();
        return bytes;
    }
}
