using System.Buffers;

namespace ChatKit.AspNetCore.Sockets;

/// <summary>Bytes in a buffer of the shared pool, which grows with them. Holds none until it is needed.</summary>
internal struct PooledBytes
{
    private int _start;
    private int _end;

    /// <summary>The buffer; null if there is none.</summary>
    public byte[]? Buffer { get; private set; }

    /// <summary>Where the bytes begin in the buffer. They are dropped up to there.</summary>
    public int Start
    {
        readonly get => _start;
        set => _start = value;
    }

    public readonly int Length => _end - _start;

    public readonly ReadOnlyMemory<byte> Memory => Buffer.AsMemory(_start, Length);

    /// <summary>The space behind the bytes.</summary>
    public readonly Memory<byte> Free => Buffer.AsMemory(_end);

    /// <summary>Adds bytes that were written to the free space.</summary>
    public void Add(int count) => _end += count;

    /// <summary>Adds a copy of bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length, 0);
        bytes.CopyTo(Free.Span);
        Add(bytes.Length);
    }

    /// <summary>Makes space behind the bytes.</summary>
    /// <param name="space">The space.</param>
    /// <param name="size">The size that a new buffer has at least.</param>
    public void Reserve(int space, int size)
    {
        if (Buffer is null || Buffer.Length - _end < space)
            MoveTo((int)Math.Min(Math.Max(size, Math.Max(Length * 2L, (long)Length + space)), Array.MaxLength));
    }

    /// <summary>Moves the bytes to the start of a new buffer.</summary>
    public void MoveTo(int size)
    {
        var (length, buffer) = (Length, ArrayPool<byte>.Shared.Rent(size));
        Buffer.AsSpan(_start, length).CopyTo(buffer);
        Return();
        (Buffer, _end) = (buffer, length);
    }

    /// <summary>Drops the bytes and the buffer.</summary>
    public void Return()
    {
        if (Buffer is not null)
            ArrayPool<byte>.Shared.Return(Buffer);
        this = default;
    }

    /// <summary>Returns the bytes with their buffer, which now belong to the caller.</summary>
    public PooledBytes Take()
    {
        var taken = this;
        this = default;
        return taken;
    }
}
