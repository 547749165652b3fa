namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>
/// Returns the bytes of another stream in small pieces: first one byte at a time, then more, so that large messages do not take long.
/// </summary>
internal sealed class PiecewiseStream(Stream whole) : AsyncStream
{
    private const int ByteByByte = 2000;

    /// <summary>A prime, so that the pieces start at any offset within units of four or eight bytes.</summary>
    private const int LargePiece = 1009;

    private int _given;

    public override bool CanWrite => false;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var piece = Math.Min(buffer.Length, _given < ByteByByte ? 1 : LargePiece);
        var count = await whole.ReadAsync(buffer[..piece], cancellationToken);
        _given += count;
        return count;
    }

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            whole.Dispose();
        base.Dispose(disposing);
    }
}
