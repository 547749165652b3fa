using System.Net.WebSockets;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.Connections;

public class OutboundQueueTests
{
    private const int Limit = 1000;

    private readonly ManualStream _stream = new();
    private readonly List<Exception> _failures = [];
    private readonly OutboundQueue _queue;

    public OutboundQueueTests() => _queue = new OutboundQueue(new StreamTransport(_stream), Limit, new OutboundListener(_failures.Add));

    [Fact]
    public async Task Pending_frames_are_sent_in_one_write_and_in_order()
    {
        Enqueue("first");
        var first = await _stream.NextAsync();
        for (var i = 0; i < 5; i++)
            Enqueue($"{i}");
        first.Complete();
        var second = await _stream.NextAsync();
        second.Complete();

        Assert.Equal(["first"], first.Texts);
        Assert.Equal(["0", "1", "2", "3", "4"], second.Texts);
    }

    [Fact]
    public async Task Frames_that_are_held_are_sent_in_one_write_when_they_are_released()
    {
        _queue.Hold();
        for (var i = 0; i < 5; i++)
            Enqueue($"{i}");
        Assert.False(_stream.HasNext);
        var idle = _queue.WaitUntilIdleAsync();
        Assert.False(idle.IsCompleted);
        _queue.Release();
        var write = await _stream.NextAsync();
        write.Complete();
        await idle.Soon();

        Assert.Equal(["0", "1", "2", "3", "4"], write.Texts);
        Enqueue("later");
        Assert.Equal(["later"], (await _stream.NextAsync()).Texts);
    }

    [Fact]
    public async Task A_write_that_ends_during_a_hold_does_not_end_the_hold()
    {
        Enqueue("first");
        var first = await _stream.NextAsync();
        _queue.Hold();
        first.Complete();
        await Patience.UntilAsync(() => _queue.BytesWaiting == 0, "the first write has ended");
        Enqueue("a");
        Enqueue("b");
        Assert.False(_stream.HasNext);
        _queue.Release();

        Assert.Equal(["a", "b"], (await _stream.NextAsync()).Texts);
    }

    [Fact]
    public async Task Held_frames_are_written_if_others_need_their_space()
    {
        var half = new string('x', Limit / 2);
        _queue.Hold();
        Enqueue(half);
        Assert.Equal(EnqueueResult.Full, _queue.TryEnqueue(Frame.OfText(half)));
        var write = await _stream.NextAsync();
        write.Complete();
        await _queue.WaitForSpaceAsync(half.Length).AsTask().Soon();
        Enqueue(half);
        _queue.Release();

        Assert.Equal([half], (await _stream.NextAsync()).Texts);
    }

    [Fact]
    public async Task A_queue_that_ends_drops_the_frames_that_are_held()
    {
        _queue.Hold();
        Enqueue("a");
        _queue.End();
        _queue.Release();

        await _queue.WaitUntilIdleAsync().Soon();
        Assert.False(_stream.HasNext);
    }

    [Fact]
    public async Task The_queue_is_idle_while_nothing_is_pending()
    {
        Assert.True(_queue.WaitUntilIdleAsync().IsCompleted);

        Enqueue("a");
        var write = await _stream.NextAsync();
        var idle = _queue.WaitUntilIdleAsync();
        Assert.False(idle.IsCompleted);
        write.Complete();
        await idle.Soon();

        Assert.False(_stream.IsWriting);
        Assert.False(_stream.HasNext);
    }

    [Fact]
    public async Task Writing_starts_again_after_a_pause()
    {
        for (var i = 0; i < 3; i++)
        {
            Enqueue($"{i}");
            var write = await _stream.NextAsync();
            write.Complete();
            await _queue.WaitUntilIdleAsync().Soon();

            Assert.Equal([$"{i}"], write.Texts);
        }
    }

    [Fact]
    public async Task Only_whole_frames_are_joined()
    {
        var queue = new OutboundQueue(new StreamTransport(_stream), 1024 * 1024, new OutboundListener(_failures.Add));
        string[] texts = [.. Enumerable.Range(0, 10).Select(static i => new string((char)('a' + i), 10_000)), new('z', 50_000), "end"];
        queue.TryEnqueue(Frame.OfText("begin"));
        var write = await _stream.NextAsync();
        foreach (var text in texts)
            queue.TryEnqueue(Frame.OfText(text));

        // Texts parses, and fails for half a frame.
        List<string> written = [.. write.Texts];
        while (written.Count < texts.Length + 1)
        {
            write.Complete();
            write = await _stream.NextAsync();
            written.AddRange(write.Texts);
            Assert.True(write.Frames.Count == 1 || write.Bytes.Length <= 32 * 1024, "small frames are joined up to a limit");
        }

        Assert.Equal(["begin", .. texts], written);
        write.Complete();
    }

    [Fact]
    public async Task Frames_beyond_the_limit_are_rejected()
    {
        Enqueue(Text(bytes: 600));
        Assert.Equal(EnqueueResult.Full, _queue.TryEnqueue(Frame.OfText(Text(bytes: 401))));
        Assert.Equal(EnqueueResult.Accepted, _queue.TryEnqueue(Frame.OfText(Text(bytes: 400))));
        Assert.Equal(EnqueueResult.Full, _queue.TryEnqueue(Frame.OfText("")));

        (await _stream.NextAsync()).Complete();
        (await _stream.NextAsync()).Complete();
        await _queue.WaitUntilIdleAsync().Soon();
        Assert.Equal(EnqueueResult.Accepted, _queue.TryEnqueue(Frame.OfText("")));
    }

    [Fact]
    public async Task EnqueueIgnoringLimit_adds_a_frame_to_the_end_of_a_full_queue()
    {
        Enqueue(Text(bytes: 500));
        Enqueue(Text(bytes: 500));
        _queue.EnqueueIgnoringLimit(Frame.OfText("why"));
        Assert.True(_queue.EnqueueLast(WebSocketFrame.Close(WebSocketCloseStatus.InternalServerError, null)));
        _queue.EnqueueIgnoringLimit(Frame.OfText("too late"));

        (await _stream.NextAsync()).Complete();
        var rest = await _stream.NextAsync();
        rest.Complete();
        await _queue.WaitUntilIdleAsync().Soon();

        Assert.Equal([Frame.TextOpcode, Frame.TextOpcode, WebSocketFrame.CloseOpcode], rest.Frames.Select(static f => f.Opcode));
        Assert.Equal("why", rest.Frames[1].Text);
        Assert.False(_stream.HasNext);
    }

    [Fact]
    public async Task An_empty_queue_accepts_a_single_frame_beyond_the_limit()
    {
        Enqueue(Text(bytes: Limit * 3));

        Assert.Equal(EnqueueResult.Full, _queue.TryEnqueue(Frame.OfText("a")));
        Assert.Equal(Limit * 3, (await _stream.NextAsync()).Bytes.Length);
    }

    [Fact]
    public async Task Waiting_for_space_ends_when_half_of_the_limit_is_free()
    {
        Assert.True(await _queue.WaitForSpaceAsync());
        Enqueue(Text(bytes: 400));
        Enqueue(Text(bytes: 501));
        var space = _queue.WaitForSpaceAsync().AsTask();
        Assert.False(space.IsCompleted);

        (await _stream.NextAsync()).Complete();
        var second = await _stream.NextAsync();
        Assert.False(space.IsCompleted);
        second.Complete();

        Assert.True(await space.Soon());
    }

    [Fact]
    public async Task Waiting_for_space_for_a_large_frame_ends_when_that_much_is_free()
    {
        // Less than half of the limit waits, and yet the large frame does not fit: being told "now" at once would be a hot loop.
        Enqueue(Text(bytes: 300));
        var large = Frame.OfText(Text(bytes: 900));
        Assert.Equal(EnqueueResult.Full, _queue.TryEnqueue(large));
        var space = _queue.WaitForSpaceAsync(large.Length).AsTask();
        Assert.False(space.IsCompleted);

        (await _stream.NextAsync()).Complete();

        Assert.True(await space.Soon());
        Assert.Equal(EnqueueResult.Accepted, _queue.TryEnqueue(large));
    }

    [Fact]
    public async Task Pings_and_pongs_overtake_queued_frames()
    {
        Enqueue("first");
        var first = await _stream.NextAsync();
        Enqueue("second");
        _queue.EnqueuePong(Pong("p"));
        _queue.EnqueuePing(WebSocketFrame.Ping);
        first.Complete();

        var second = await _stream.NextAsync();

        Assert.Equal([WebSocketFrame.PongOpcode, WebSocketFrame.PingOpcode, Frame.TextOpcode], second.Frames.Select(static f => f.Opcode));
        second.Complete();
    }

    [Fact]
    public async Task Sixteen_pings_are_all_answered_in_order()
    {
        Enqueue("first");
        var first = await _stream.NextAsync();
        string[] payloads = [.. Enumerable.Range(0, 16).Select(static i => new string((char)('a' + i), WebSocketFrame.MaxControlPayload))];
        foreach (var payload in payloads)
            Assert.True(_queue.EnqueuePong(Pong(payload)));
        first.Complete();

        var second = await _stream.NextAsync();

        Assert.Equal(payloads, second.Texts);
        second.Complete();
        await _queue.WaitUntilIdleAsync().Soon();
        Assert.False(_stream.HasNext);
    }

    [Fact]
    public async Task Only_the_latest_pings_of_a_flood_are_answered()
    {
        Enqueue("first");
        var first = await _stream.NextAsync();
        for (var i = 0; i < 100_000; i++)
            Assert.True(_queue.EnqueuePong(Pong($"{i}")));
        first.Complete();

        var second = await _stream.NextAsync();

        Assert.InRange(second.Bytes.Length, 1, 16 * (2 + WebSocketFrame.MaxControlPayload));
        var answered = second.Texts.Select(int.Parse).ToList();
        Assert.Equal(Enumerable.Range(100_000 - answered.Count, answered.Count), answered);
        second.Complete();
        await _queue.WaitUntilIdleAsync().Soon();
        Assert.False(_stream.HasNext);
    }

    [Fact]
    public async Task Control_frames_are_sent_even_if_the_queue_is_full()
    {
        Enqueue(Text(bytes: Limit));
        var first = await _stream.NextAsync();
        Assert.Equal(EnqueueResult.Full, _queue.TryEnqueue(Frame.OfText("a")));

        Assert.True(_queue.EnqueuePong(Pong("p")));
        Assert.True(_queue.EnqueueLast(WebSocketFrame.Close(WebSocketCloseStatus.NormalClosure, null)));
        first.Complete();

        Assert.Equal(WebSocketFrame.PongOpcode, (await _stream.NextAsync()).Frames[0].Opcode);
    }

    [Fact]
    public async Task A_close_frame_is_the_last_frame_sent()
    {
        Enqueue("first");
        var first = await _stream.NextAsync();
        Enqueue("second");
        Assert.True(_queue.EnqueueLast(WebSocketFrame.Close((WebSocketCloseStatus)4001, "no")));

        Assert.Equal(EnqueueResult.Closed, _queue.TryEnqueue(Frame.OfText("late")));
        Assert.False(_queue.EnqueuePong(Pong("late")));
        Assert.False(_queue.EnqueueLast(WebSocketFrame.Close(WebSocketCloseStatus.NormalClosure, null)));
        Assert.False(await _queue.WaitForSpaceAsync());
        first.Complete();
        var second = await _stream.NextAsync();
        second.Complete();
        await _queue.WaitUntilIdleAsync().Soon();

        Assert.Equal([Frame.TextOpcode, WebSocketFrame.CloseOpcode], second.Frames.Select(static f => f.Opcode));
        Assert.Equal(4001, second.Frames[1].Code);
        Assert.False(_stream.HasNext);
    }

    [Fact]
    public async Task Waiting_for_space_returns_false_when_the_queue_is_closed()
    {
        Enqueue(Text(bytes: Limit));
        var space = _queue.WaitForSpaceAsync().AsTask();

        _queue.EnqueueLast(WebSocketFrame.Close(WebSocketCloseStatus.NormalClosure, null));

        Assert.False(await space.Soon());
    }

    [Fact]
    public async Task A_failed_write_ends_the_queue_and_is_reported_once()
    {
        Enqueue(Text(bytes: Limit));
        var write = await _stream.NextAsync();
        var space = _queue.WaitForSpaceAsync().AsTask();
        var idle = _queue.WaitUntilIdleAsync();
        var failure = new IOException("gone");
        write.Fail(failure);

        await idle.Soon();
        Assert.False(await space.Soon());
        Assert.Equal(EnqueueResult.Closed, _queue.TryEnqueue(Frame.OfText("a")));
        Assert.False(_queue.EnqueuePing(WebSocketFrame.Ping));
        Assert.Equal([failure], _failures);
        Assert.False(_stream.HasNext);
    }

    [Fact]
    public async Task A_failure_is_reported_before_the_queue_refuses_frames()
    {
        OutboundQueue queue = null!;
        EnqueueResult? result = null;
        queue = new OutboundQueue(
            new StreamTransport(_stream), Limit, new OutboundListener(_ => result = queue.TryEnqueue(Frame.OfText("b"))));
        queue.TryEnqueue(Frame.OfText("a"));

        (await _stream.NextAsync()).Fail(new IOException("gone"));
        await queue.WaitUntilIdleAsync().Soon();

        Assert.Equal(EnqueueResult.Accepted, result);
        Assert.Equal(EnqueueResult.Closed, queue.TryEnqueue(Frame.OfText("c")));
    }

    [Fact]
    public async Task A_failure_is_reported_before_the_queue_becomes_idle()
    {
        Task? idle = null;
        var wasIdle = false;
        var queue = new OutboundQueue(new StreamTransport(_stream), Limit, new OutboundListener(_ => wasIdle = idle!.IsCompleted));
        queue.TryEnqueue(Frame.OfText("a"));
        var write = await _stream.NextAsync();
        idle = queue.WaitUntilIdleAsync();
        write.Fail(new IOException("gone"));

        await idle.Soon();
        Assert.False(wasIdle);
    }

    [Fact]
    public async Task Ending_the_queue_drops_waiting_frames_but_not_the_write_in_progress()
    {
        Enqueue("first");
        var first = await _stream.NextAsync();
        Enqueue("second");
        var idle = _queue.WaitUntilIdleAsync();

        _queue.End();

        Assert.Equal(EnqueueResult.Closed, _queue.TryEnqueue(Frame.OfText("third")));
        Assert.False(_queue.EnqueuePing(WebSocketFrame.Ping));
        Assert.False(await _queue.WaitForSpaceAsync());
        Assert.False(idle.IsCompleted);
        first.Complete();
        await idle.Soon();
        Assert.False(_stream.HasNext);
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task Tiny_frames_count_with_their_memory_overhead()
    {
        Enqueue("");
        var write = await _stream.NextAsync();

        var taken = 0;
        while (_queue.TryEnqueue(Frame.OfText("")) == EnqueueResult.Accepted)
            taken++;

        Assert.InRange(taken, 2, (Limit / 64) + 1);
        write.Complete();
        var rest = await _stream.NextAsync();
        Assert.Equal(taken, rest.Texts.Count());
        rest.Complete();
        await _queue.WaitUntilIdleAsync().Soon();
    }

    [Fact]
    public async Task Frames_of_concurrent_writers_arrive_whole_and_in_order()
    {
        const int Writers = 8, Each = 500;
        var queue = new OutboundQueue(new StreamTransport(_stream), 64 * 1024 * 1024, new OutboundListener(_failures.Add));
        var writers = Enumerable.Range(0, Writers).Select(w => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
                Assert.Equal(EnqueueResult.Accepted, queue.TryEnqueue(Frame.OfText($"{w}:{i}")));
        }));
        var all = Task.WhenAll(writers);

        List<string> written = [];
        while (written.Count < Writers * Each)
        {
            var write = await _stream.NextAsync();
            written.AddRange(write.Texts);
            write.Complete();
        }

        await all.Soon();
        foreach (var ofWriter in written.GroupBy(static text => text.Split(':')[0]))
            Assert.Equal(Enumerable.Range(0, Each), ofWriter.Select(static text => int.Parse(text.Split(':')[1])));
    }

    [Fact]
    public async Task A_thread_does_not_write_for_as_long_as_others_enqueue()
    {
        const int Count = 1000;
        var (thread, returned, own) = (Environment.CurrentManagedThreadId, false, 0);
        List<string> written = [];
        OutboundQueue queue = null!;
        var transport = new Callback(frames =>
        {
            if (!returned && Environment.CurrentManagedThreadId == thread)
                own++;
            written.AddRange(Frame.Parse(frames.Span).Select(static frame => frame.Text));
            if (written.Count < Count)
                Assert.Equal(EnqueueResult.Accepted, queue.TryEnqueue(Frame.OfText($"{written.Count}"))); // As another thread would.
        });
        queue = new OutboundQueue(transport, Limit, new OutboundListener(_failures.Add));

        Assert.Equal(EnqueueResult.Accepted, queue.TryEnqueue(Frame.OfText("0")));
        Volatile.Write(ref returned, true);
        await queue.WaitUntilIdleAsync().Soon();

        Assert.InRange(own, 1, 100);
        Assert.Equal(Enumerable.Range(0, Count).Select(static i => $"{i}"), written);
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task A_signal_takes_the_place_of_a_waiting_one_of_the_same_sender_and_name()
    {
        Enqueue("first");
        var first = await _stream.NextAsync();
        Assert.True(Signal("a", "typing", "a1"));
        Enqueue("message");
        Assert.True(Signal("b", "typing", "b1"));
        Assert.True(Signal("a", "typing", "a is typing"));
        Assert.True(Signal("a", "here", "a2"));
        Assert.True(Signal("a", "typing", "a3"));
        first.Complete();
        var second = await _stream.NextAsync();
        second.Complete();
        await _queue.WaitUntilIdleAsync().Soon();

        Assert.Equal(["a3", "message", "b1", "a2"], second.Texts);
        Assert.Equal(0, _queue.BytesWaiting);
        Assert.True(Signal("a", "typing", "a4"));
        Assert.Equal(["a4"], (await _stream.NextAsync()).Texts);
    }

    [Fact]
    public async Task Queues_that_are_more_than_half_full_accept_no_further_signals()
    {
        Enqueue(Text(bytes: 400));
        var first = await _stream.NextAsync();
        Assert.True(Signal("a", "typing", "a1"));
        Enqueue(Text(bytes: 200));

        Assert.False(Signal("b", "typing", "b1"));
        Assert.True(Signal("a", "typing", "a2"));
        Assert.Equal(EnqueueResult.Accepted, _queue.TryEnqueue(Frame.OfText("message")));
        first.Complete();

        Assert.Equal(["a2", Text(bytes: 200), "message"], (await _stream.NextAsync()).Texts);
        _queue.End();
        Assert.False(Signal("a", "typing", "a3"));
    }

    [Fact]
    public async Task A_signal_that_does_not_fit_into_a_write_is_in_the_next()
    {
        var queue = new OutboundQueue(new StreamTransport(_stream), 1024 * 1024, new OutboundListener(_failures.Add));
        queue.TryEnqueue(Frame.OfText("first"));
        var write = await _stream.NextAsync();
        queue.TryEnqueue(Frame.OfText(new string('x', (32 * 1024) - 100)));
        Assert.True(queue.TryEnqueueSignal(new SignalKey("r", "a", "typing"), Frame.OfText(new string('y', 200))));
        queue.TryEnqueue(Frame.OfText("last"));

        List<string> written = [];
        while (written.Count < 4)
        {
            written.AddRange(write.Texts);
            write.Complete();
            if (written.Count < 4)
                write = await _stream.NextAsync();
        }

        await queue.WaitUntilIdleAsync().Soon();
        Assert.Equal(["first", new string('x', (32 * 1024) - 100), new string('y', 200), "last"], written);
        Assert.Equal(0, queue.BytesWaiting);
    }

    private bool Signal(string connection, string name, string text) =>
        _queue.TryEnqueueSignal(new SignalKey("r", connection, name), Frame.OfText(text));

    private void Enqueue(string text) => Assert.Equal(EnqueueResult.Accepted, _queue.TryEnqueue(Frame.OfText(text)));

    /// <summary>A text whose frame has a length.</summary>
    private static string Text(int bytes)
    {
        var text = new string('x', bytes - (bytes <= 127 ? 2 : 4));
        Assert.Equal(bytes, Frame.OfText(text).Length);
        return text;
    }

    private static ReadOnlyMemory<byte> Pong(string text) => new byte[] { 0x80 | WebSocketFrame.PongOpcode, (byte)text.Length }
        .Concat(text.Select(static c => (byte)c)).ToArray();

    private sealed class Callback(Action<ReadOnlyMemory<byte>> write) : FrameWriter
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
        {
            write(frames);
            return ValueTask.CompletedTask;
        }
    }
}
