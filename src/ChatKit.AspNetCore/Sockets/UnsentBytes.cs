namespace ChatKit.AspNetCore.Sockets;

/// <summary>Bytes that are being sent. They belong to the caller of a write, or are in a pooled buffer.</summary>
internal struct UnsentBytes
{
    private ReadOnlyMemory<byte> _bytes;

    /// <summary>The buffer of the bytes; empty if they belong to the caller.</summary>
    private PooledBytes _owned;

    public readonly bool IsEmpty => _bytes.IsEmpty;

    public readonly ReadOnlySpan<byte> Span => _bytes.Span;

    /// <summary>Sends bytes of the caller. Nothing must be unsent.</summary>
    public void Borrow(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>Adds bytes that were written, with their buffer if nothing is unsent.</summary>
    public void Take(ref PooledBytes written)
    {
        if (written.Length == 0)
            return;
        if (IsEmpty)
            _owned = written.Take();
        else
        {
            // A flush was canceled.
            Own();
            _owned.Start += _owned.Length - _bytes.Length;
            _owned.Append(written.Memory.Span);
            written.Return();
        }

        _bytes = _owned.Memory;
    }

    /// <summary>Puts bytes that a batch could not send before the others.</summary>
    public void Prepend(ReadOnlySpan<byte> bytes)
    {
        var all = default(PooledBytes);
        all.Reserve(bytes.Length + _bytes.Length, 0);
        all.Append(bytes);
        all.Append(_bytes.Span);
        _owned.Return();
        _owned = all;
        _bytes = all.Memory;
    }

    /// <summary>Copies bytes of the caller, who may change them when the write was canceled.</summary>
    public void Own()
    {
        if (_owned.Buffer is not null || IsEmpty)
            return;
        _owned.Append(_bytes.Span);
        _bytes = _owned.Memory;
    }

    /// <summary>Drops bytes that were sent.</summary>
    public void Skip(int count) => _bytes = _bytes[count..];

    public void Clear()
    {
        _bytes = default;
        _owned.Return();
    }
}
