using System.Net.WebSockets;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.Connections;

/// <summary>What a queue has added to a batch counts as being written until it was sent.</summary>
public class BatchedQueueTests
{
    private const int Limit = 1000;
    private const int Refused = -11; // EAGAIN

    private readonly BatchedWriter _transport = new();
    private readonly List<Exception> _failures = [];
    private readonly OutboundQueue _queue;

    public BatchedQueueTests() => _queue = new OutboundQueue(_transport, Limit, new OutboundListener(_failures.Add));

    [Fact]
    public void Frames_that_follow_wait_until_the_batch_is_sent_and_are_then_written_together()
    {
        Enqueue("first");
        Enqueue("second");
        _queue.EnqueuePing(WebSocketFrame.Ping);
        Enqueue("third");
        var idle = _queue.WaitUntilIdleAsync();

        Assert.Empty(_transport.Written);
        Assert.False(idle.IsCompleted);
        Assert.True(_queue.BytesWaiting > 0);
        _transport.End();

        Assert.Equal(["first", "", "second", "third"], Texts());
        Assert.Equal(1, _transport.Writes);
        Assert.True(idle.IsCompleted);
        Assert.Equal((0, _transport.Written.Count), (_queue.BytesWaiting, _queue.BytesWritten));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(Refused)]
    [InlineData(int.MinValue)]
    public async Task What_was_not_sent_is_written_before_the_frames_that_follow(int sent)
    {
        Enqueue("first");
        Enqueue("second");
        _transport.MayWrite = new TaskCompletionSource();
        _transport.End(sent);
        Enqueue("third");
        var idle = _queue.WaitUntilIdleAsync();

        Assert.False(idle.IsCompleted);
        Assert.True(_queue.Waiting.Bytes > 0);
        _transport.MayWrite.SetResult();
        await idle.Soon();

        Assert.Equal(["first", "second", "third"], Texts());
        Assert.Empty(_failures);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_connection_whose_batch_could_not_be_sent_is_lost_when_writing_fails_too(bool later)
    {
        Enqueue("first");
        Enqueue("second");
        var failure = new IOException("reset");
        _transport.MayWrite = new TaskCompletionSource();
        if (!later)
            _transport.MayWrite.SetException(failure);
        _transport.End(Refused);
        if (later)
            _transport.MayWrite.SetException(failure);

        Assert.Same(failure, Assert.Single(_failures));
        Assert.True(_queue.WaitUntilIdleAsync().IsCompleted);
        Assert.Equal(EnqueueResult.Closed, _queue.TryEnqueue(Frame.OfText("third")));
    }

    [Fact]
    public void A_queue_that_ends_is_idle_when_its_batch_is_sent()
    {
        Enqueue("first");
        Enqueue("second");
        _queue.End();
        var idle = _queue.WaitUntilIdleAsync();

        Assert.False(idle.IsCompleted);
        _transport.End();

        Assert.True(idle.IsCompleted);
        Assert.Equal(["first"], Texts());
    }

    [Fact]
    public void The_last_frame_follows_the_batch()
    {
        Enqueue("first");
        Assert.True(_queue.EnqueueLast(WebSocketFrame.Close(WebSocketCloseStatus.NormalClosure, "bye")));
        Assert.False(_queue.WaitUntilIdleAsync().IsCompleted);
        _transport.End();

        Assert.True(_queue.WaitUntilIdleAsync().IsCompleted);
        Assert.Equal([Frame.TextOpcode, WebSocketFrame.CloseOpcode], Frame.Parse([.. _transport.Written]).Select(static frame => frame.Opcode));
    }

    [Fact]
    public void The_end_of_a_batch_does_not_end_a_hold()
    {
        Enqueue("first");
        _queue.Hold();
        _transport.End();
        Enqueue("second");
        Assert.Equal(["first"], Texts());

        _queue.Release();

        Assert.Equal(["first", "second"], Texts());
    }

    private void Enqueue(string text) => Assert.Equal(EnqueueResult.Accepted, _queue.TryEnqueue(Frame.OfText(text)));

    private IEnumerable<string> Texts() => Frame.Parse([.. _transport.Written]).Select(static frame => frame.Text);

    /// <summary>Adds the first frames to a batch, and writes what follows.</summary>
    private sealed class BatchedWriter : FrameWriter
    {
        private byte[]? _bytes;
        private IBatchedWriter? _writer;
        private bool _hasEnded;

        public List<byte> Written { get; } = [];

        /// <summary>The number of writes outside of the batch.</summary>
        public int Writes { get; private set; }

        /// <summary>The outcome of a write; null if it completes at once.</summary>
        public TaskCompletionSource? MayWrite { get; set; }

        public override bool TryBatch(ReadOnlySpan<byte> frames, IBatchedWriter writer)
        {
            if (_hasEnded)
                return false;
            Assert.Null(_bytes);
            (_bytes, _writer) = (frames.ToArray(), writer);
            return true;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
        {
            Writes++;
            if (MayWrite is not null)
                await MayWrite.Task;
            Written.AddRange(frames.Span);
        }

        /// <summary>Ends the batch, of which so many bytes were sent.</summary>
        public void End(int sent = int.MaxValue)
        {
            _hasEnded = true;
            Written.AddRange(_bytes.AsSpan(0, Math.Clamp(sent, 0, _bytes!.Length)));
            _writer!.OnSent(Math.Min(sent, _bytes.Length), _bytes);
        }
    }
}
