using System.Buffers;

namespace ChatKit.Connections.Transport;

/// <content>Writes the frames to the transport.</content>
internal sealed partial class OutboundQueue
{
    /// <summary>
    /// After this number of writes, another thread goes on: this one may belong to a room, or receive for other clients, and must not write
    /// for as long as others enqueue.
    /// </summary>
    private const int MostWrites = 16;

    /// <inheritdoc/>
    void IBatchedWriter.OnSent(int count, ReadOnlySpan<byte> bytes)
    {
        try
        {
            // If it was an error, writing meets it again.
            var writing = count < bytes.Length ? transport.WriteAsync(bytes[Math.Max(count, 0)..].ToArray()) : ValueTask.CompletedTask;
            if (!writing.IsCompletedSuccessfully)
            {
                _ = WriteRestAsync(writing, bytes.Length, null);
                return;
            }

            writing.GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            Fail(e);
            return;
        }

        WriteWaiting(bytes.Length);
    }

    /// <summary>Writes what waits. The caller has set <see cref="_writing"/>.</summary>
    /// <param name="written">The number of bytes that were written just before.</param>
    private void WriteWaiting(int written = 0)
    {
        byte[]? buffer = null;
        if (TryTakeNext(written, ref buffer, out var chunk))
            Write(chunk, buffer);
    }

    /// <summary>Writes until nothing is pending. The caller has set <see cref="_writing"/>.</summary>
    private void Write(ReadOnlyMemory<byte> chunk, byte[]? buffer)
    {
        try
        {
            var writes = 0;
            do
            {
                if (writes++ == MostWrites)
                {
                    WriteLater(chunk, buffer);
                    return;
                }

                // What is in a batch counts as being written, and OnSent goes on.
                if (transport.TryBatch(chunk.Span, this))
                    break;
                var writing = transport.WriteAsync(chunk);
                if (!writing.IsCompletedSuccessfully)
                {
                    _ = WriteRestAsync(writing, chunk.Length, buffer);
                    return;
                }

                writing.GetAwaiter().GetResult();
            }
            while (TryTakeNext(chunk.Length, ref buffer, out chunk));
        }
        catch (Exception e)
        {
            Fail(e);
        }

        Return(buffer);
    }

    private void WriteLater(ReadOnlyMemory<byte> chunk, byte[]? buffer) => _ = Task.Run(() => Write(chunk, buffer));

    private async Task WriteRestAsync(ValueTask writing, int length, byte[]? buffer)
    {
        lock (transport)
        {
            _waits++;
            _waiting = length;
        }

        try
        {
            await writing.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Fail(e);
            Return(buffer);
            return;
        }

        Return(buffer);
        WriteWaiting(length);
    }

    private void Fail(Exception exception)
    {
        // Must run before the queue is idle: after that the connection may be over, and its transport may belong to another one. It must also
        // run before the queue refuses frames, so that nobody is refused on a connection that seems to be open.
        try
        {
            listener.OnFailed(exception);
        }
        finally
        {
            lock (transport)
            {
                (_writing, _waiting) = (false, 0);
                End();
            }
        }
    }

    private static void Return(byte[]? buffer)
    {
        if (buffer is not null)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Takes the next bytes to write. Returns false, and ends writing, if nothing is left.</summary>
    /// <param name="written">The number of bytes written since the last call.</param>
    /// <param name="buffer">The buffer that frames are joined in. Rented from the pool when it is needed.</param>
    /// <param name="chunk">The bytes.</param>
    private bool TryTakeNext(int written, ref byte[]? buffer, out ReadOnlyMemory<byte> chunk)
    {
        lock (transport)
        {
            chunk = default;
            _waiting = 0;
            _written += written;
            if (!_ended)
            {
                _bytes -= written;
                if (Held <= limit / 2)
                    _space.Set();
            }

            var control = _control.Length;
            if (_ended || _bytes + control == 0)
            {
                _frames.Trim();
                if (_wantsHold && !_ended)
                {
                    _isHeld = true;
                    return false;
                }

                _writing = false;
                _idle.Set();
                return false;
            }

            if (control == 0 && _frames.TryTakeAlone(JoinLimit, out chunk))
                return true;

            buffer ??= ArrayPool<byte>.Shared.Rent(JoinLimit);
            _control.MoveTo(buffer);
            _bytes += control;
            chunk = buffer.AsMemory(0, control + _frames.MoveTo(buffer.AsSpan(control)));
            return true;
        }
    }
}
