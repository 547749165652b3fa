namespace ChatKit.AspNetCore.Sockets;

/// <summary>
/// What a client sent before it ended the connection, and that nobody reads yet. It is received at once, up to a limit, because the end is
/// behind it. The reader's lock guards the object.
/// </summary>
/// <param name="socket">The socket.</param>
internal sealed class ReadAhead(PolledSocket socket) : IDisposable
{
    /// <summary>As much as Kestrel's own transport keeps by default (<c>MaxRequestBufferSize</c>). The end behind more is noticed when that is read.</summary>
    private const int Limit = 1024 * 1024;

    private const int Size = 4 * 1024;

    private PooledBytes _bytes;

    /// <summary>Whether nothing more can be received.</summary>
    private bool _isAtEnd;

    /// <summary>Why the last read has returned -1.</summary>
    public int Error { get; private set; }

    /// <summary>Receives until there is nothing more. If that is the end, notifies the socket.</summary>
    public void Receive()
    {
        while (!_isAtEnd && _bytes.Length < Limit)
        {
            _bytes.Reserve(1, Size);
            var count = Libc.Receive(socket.Descriptor, _bytes.Free.Span);
            if (count > 0)
            {
                _bytes.Add((int)count);
                continue;
            }

            Error = count == 0 ? 0 : Libc.LastError;
            if (Error == Libc.Again)
                break;
            _isAtEnd = Error != Libc.Interrupted;
        }

        if (_bytes.Length == 0)
            Dispose();
        if (_isAtEnd)
            socket.OnEnded(byClient: Error == 0);
    }

    /// <summary>Reads like <see cref="Libc.Receive"/>; the error is <see cref="Error"/>.</summary>
    public nint Read(Span<byte> buffer)
    {
        if (_bytes.Length == 0)
            Receive();
        var count = Math.Min(buffer.Length, _bytes.Length);
        if (count == 0)
            return _isAtEnd && Error == 0 ? 0 : -1;
        _bytes.Memory.Span[..count].CopyTo(buffer);
        _bytes.Start += count;
        if (_bytes.Length == 0)
            Dispose();
        return count;
    }

    public void Dispose() => _bytes.Return();
}
