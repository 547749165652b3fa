namespace ChatKit.Connections;

/// <summary>
/// The stream that the platform's WebSocket works on. It reads from the transport, remembering when anything came; what it writes,
/// one whole control frame at a time, goes through the connection's one queue.
/// </summary>
internal sealed class ConnectionStream(Stream transport, OutboundQueue outbound, TimeProvider clock) : Stream
{
    private long _lastRead = clock.GetTimestamp();

    /// <summary>The clock's timestamp of when something came from the client last.</summary>
    public long LastRead => Volatile.Read(ref _lastRead);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await transport.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        ForgetSilence();
        return count;
    }

    /// <summary>Counts the silence from now on.</summary>
    public void ForgetSilence() => Volatile.Write(ref _lastRead, clock.GetTimestamp());

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // The caller reuses its buffer.
        outbound.EnqueueControl(buffer.ToArray());
        return ValueTask.CompletedTask;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
