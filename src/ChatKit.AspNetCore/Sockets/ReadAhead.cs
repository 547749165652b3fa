using System.Buffers;

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

    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <summary>Whether nothing more can be received.</summary>
    private bool _isAtEnd;

    /// <summary>Why the last read has returned -1.</summary>
    public int Error { get; private set; }

    /// <summary>Receives until there is nothing more. If that is the end, notifies the socket.</summary>
    public void Receive()
    {
        while (!_isAtEnd && _end - _start < Limit)
        {
            Reserve();
            var count = Libc.Receive(socket.Descriptor, _buffer.AsSpan(_end));
            if (count > 0)
            {
                _end += (int)count;
                continue;
            }

            Error = count == 0 ? 0 : Libc.LastError;
            if (Error == Libc.Again)
                break;
            _isAtEnd = Error != Libc.Interrupted;
        }

        if (_start == _end)
            Dispose();
        if (_isAtEnd && Error == 0)
            socket.OnFinished();
        else if (_isAtEnd)
            socket.OnEnded();
    }

    /// <summary>Reads like <see cref="Libc.Receive"/>; the error is <see cref="Error"/>.</summary>
    public nint Read(Span<byte> buffer)
    {
        if (_start == _end)
            Receive();
        var count = Math.Min(buffer.Length, _end - _start);
        if (count == 0)
            return _isAtEnd && Error == 0 ? 0 : -1;
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        if (_start == _end)
            Dispose();
        return count;
    }

    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = (null, 0, 0);
    }

    private void Reserve()
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(Size);
        if (_end < _buffer.Length)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = (larger, 0, _end - _start);
    }
}
