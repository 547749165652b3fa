namespace ChatKit.Benchmarks.Connections;

/// <summary>Where writes go to: counts bytes, and is never slower than the caller unless it is told to hold a write.</summary>
internal sealed class CountingStream : Stream
{
    private readonly HeldWrite _held = new();
    private bool _hold;

    public long Written { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The next write does not end before <see cref="Release"/>.</summary>
    public void Hold() => _hold = true;

    public void Release() => _held.Complete();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Written += buffer.Length;
        if (!_hold)
            return ValueTask.CompletedTask;

        _hold = false;
        return _held.Begin();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => Written += count;
}
