namespace ChatKit.Benchmarks.Connections;

/// <summary>A stream that counts bytes. Writes complete at once, except for one that is held.</summary>
internal sealed class CountingStream : Stream
{
    private readonly HeldWrite _held = new();
    private bool _hold;

    public long Written { get; private set; }

    public long Writes { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Holds the next write until <see cref="Release"/>.</summary>
    public void Hold() => _hold = true;

    public void Release() => _held.Complete();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Written += buffer.Length;
        Writes++;
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
