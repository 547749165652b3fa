namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// Returns the bytes of another stream in small pieces: first one byte at a time, then more, so that large messages do not take long.
/// </summary>
internal sealed class PiecewiseStream(Stream whole) : Stream
{
    private const int ByteByByte = 2000;

    /// <summary>A prime, so that the pieces start at any offset within units of four or eight bytes.</summary>
    private const int LargePiece = 1009;

    private int _given;

    public override bool CanRead => true;

    public override bool CanWrite => false;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var piece = Math.Min(buffer.Length, _given < ByteByByte ? 1 : LargePiece);
        var count = await whole.ReadAsync(buffer[..piece], cancellationToken);
        _given += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            whole.Dispose();
        base.Dispose(disposing);
    }
}
