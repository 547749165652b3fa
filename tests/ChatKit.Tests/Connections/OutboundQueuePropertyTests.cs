using System.IO.Pipelines;
using System.Net.WebSockets;
using ChatKit.Connections;
using ChatKit.Connections.Transport;
using ChatKit.Rooms;
using ChatKit.TestKit.ForAll;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.Connections;

public class OutboundQueuePropertyTests
{
    private const int Limit = 100_000;

    public enum Kind
    {
        Data,
        MoreData,
        LargeData,
        Ping,
        Pong,
        Close,
        Fail,

        /// <summary>The write that is under way ends.</summary>
        Complete,
        CompleteAgain,

        /// <summary>From now on writes end before they return, or not.</summary>
        Switch,
    }

    public sealed record Move(Kind Kind, byte Size);

    /// <summary>Whatever happens in whatever order: whole frames, each once, in order.</summary>
    [ForAll]
    public void Frames_are_sent_whole_once_and_in_order(Move[] moves)
    {
        var transport = new ManualTransport();
        var failures = new List<Exception>();
        var queue = new OutboundQueue(transport, Limit, new OutboundListener(failures.Add));
        List<string> accepted = [];
        var (pings, pongs, closed, failed) = (0, 0, false, false);
        foreach (var (kind, size) in moves)
        {
            switch (kind)
            {
                case Kind.Data or Kind.MoreData or Kind.LargeData:
                    var text = $"{accepted.Count}:{new string('x', size * (kind == Kind.LargeData ? 250 : 5))}";
                    var isIdle = queue.WaitUntilIdleAsync().IsCompleted;
                    var result = queue.TryEnqueue(Frame.OfText(text));
                    if (result == EnqueueResult.Accepted)
                        accepted.Add(text);
                    Assert.Equal(closed || failed, result == EnqueueResult.Closed);
                    Assert.False(isIdle && result == EnqueueResult.Full);
                    break;
                case Kind.Ping when queue.EnqueuePing(WebSocketFrame.Ping):
                    pings++;
                    break;
                case Kind.Pong when queue.EnqueuePong(WebSocketFrame.Control(WebSocketFrame.PongOpcode, BitConverter.GetBytes(pongs))):
                    pongs++;
                    break;
                case Kind.Close:
                    Assert.Equal(!closed && !failed, queue.EnqueueLast(WebSocketFrame.Close((WebSocketCloseStatus)4000, "bye")));
                    closed = true;
                    break;
                case Kind.Fail when size % 8 == 0:
                    failed |= transport.Fail();
                    break;
                case Kind.Switch:
                    transport.IsSync = !transport.IsSync;
                    break;
                default:
                    transport.Complete();
                    break;
            }
        }

        while (transport.Complete())
        {
        }

        Assert.True(queue.WaitUntilIdleAsync().IsCompleted);
        Assert.Equal(failed ? 1 : 0, failures.Count);
        var frames = transport.Writes.SelectMany(static write => Frame.Parse(write)).ToList();
        var texts = frames.Where(static f => f.Opcode == Frame.TextOpcode).Select(static f => f.Text).ToList();
        Assert.Equal(failed ? accepted[..texts.Count] : accepted, texts);
        var answers = frames.Where(static f => f.Opcode == WebSocketFrame.PongOpcode).Select(static f => BitConverter.ToInt32(f.Payload)).ToList();
        Assert.Equal(answers.Distinct().Order(), answers);
        Assert.InRange(frames.Count(static f => f.Opcode == WebSocketFrame.PingOpcode), pings > 0 && !failed ? 1 : 0, pings);
        if (failed)
            return;

        Assert.True(pongs == 0 || answers[^1] == pongs - 1, "the last ping is answered");
        Assert.Equal(closed ? 1 : 0, frames.Count(static f => f.Opcode == WebSocketFrame.CloseOpcode));
        Assert.True(!closed || frames[^1].Opcode == WebSocketFrame.CloseOpcode, "the close frame is the last");
    }

    /// <summary>Writes that end when the test says so, one at a time.</summary>
    private sealed class ManualTransport : FrameTransport
    {
        private TaskCompletionSource? _pending;
        private ReadOnlyMemory<byte> _frames;

        public List<byte[]> Writes { get; } = [];

        public bool IsSync { get; set; }

        public override PipeReader Input => throw new NotSupportedException();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
        {
            Assert.Null(_pending);
            Writes.Add(frames.ToArray());
            if (IsSync)
                return ValueTask.CompletedTask;
            _frames = frames;
            _pending = new TaskCompletionSource();
            return new ValueTask(_pending.Task);
        }

        /// <summary>False if nothing was under way.</summary>
        public bool Complete()
        {
            if (_pending is not { } pending)
                return false;
            Assert.True(_frames.Span.SequenceEqual(Writes[^1]), "the buffer does not change while it is being written");
            _pending = null;
            pending.SetResult();
            return true;
        }

        public bool Fail()
        {
            if (_pending is not { } pending)
                return false;
            _pending = null;
            pending.SetException(new IOException("gone"));
            return true;
        }
    }
}
