using System.Threading.Channels;

namespace ChatKit.Tests.Connections;

/// <summary>A stream whose writes end when the test says so, and how it says so.</summary>
internal sealed class ManualStream : AsyncStream
{
    private readonly Channel<PendingWrite> _writes = Channel.CreateUnbounded<PendingWrite>();
    private int _running;

    public override bool CanRead => false;

    /// <summary>Whether a write is under way.</summary>
    public bool IsWriting => Volatile.Read(ref _running) > 0;

    /// <summary>The next write, as soon as it has begun.</summary>
    public Task<PendingWrite> NextAsync() => _writes.Reader.ReadAsync().AsTask().Soon();

    /// <summary>Whether a write has begun that the test has not seen yet.</summary>
    public bool HasNext => _writes.Reader.TryPeek(out _);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Assert.True(Interlocked.Increment(ref _running) == 1, "one write at a time");
        var write = new PendingWrite(buffer.ToArray());
        _writes.Writer.TryWrite(write);
        try
        {
            await write.Done;
            Assert.True(buffer.Span.SequenceEqual(write.Bytes), "the buffer does not change while it is being written");
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    internal sealed class PendingWrite(byte[] bytes)
    {
        private readonly TaskCompletionSource _done = new();

        public byte[] Bytes => bytes;

        public Task Done => _done.Task;

        public List<Fixtures.Frame> Frames => Fixtures.Frame.Parse(bytes);

        public IEnumerable<string> Texts => Frames.Select(static f => f.Text);

        public void Complete() => _done.SetResult();

        public void Fail(Exception exception) => _done.SetException(exception);
    }
}
