namespace ChatKit.LoadTest.Generator;

/// <summary>A buffer for incomplete data. It keeps its array, so that it allocates only while it grows.</summary>
internal struct ByteBuffer
{
    private byte[]? _bytes;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> data)
    {
        if (Length + data.Length > (_bytes?.Length ?? 0))
            Array.Resize(ref _bytes, Math.Max(Length + data.Length, 2 * Length));
        data.CopyTo(_bytes.AsSpan(Length));
        Length += data.Length;
    }

    public void Clear() => Length = 0;
}
