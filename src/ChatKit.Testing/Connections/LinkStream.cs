using System.Buffers;
using System.IO.Pipelines;

namespace ChatKit.Testing.Connections;

/// <summary>
/// One end of a connection in memory. It behaves like a socket: writes wait while the other end doesn't read, the other end reads the end of the
/// file, and a reset discards what is on its way.
/// </summary>
internal sealed class LinkStream : Stream
{
    /// <summary>How many bytes are on their way in each direction before a write waits: little, so that a test soon finds a slow reader.</summary>
    private const int Capacity = 4096;

    private readonly Pipe _incoming;
    private readonly Pipe _outgoing;
    private volatile TaskCompletionSource? _paused;
    private volatile bool _isReset;

    private LinkStream(Pipe incoming, Pipe outgoing) => (_incoming, _outgoing) = (incoming, outgoing);

    public bool IsPaused => _paused is not null;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public static (LinkStream Server, LinkStream Client) CreatePair()
    {
        var options = new PipeOptions(pauseWriterThreshold: Capacity, resumeWriterThreshold: Capacity / 2, useSynchronizationContext: false);
        Pipe toServer = new(options), toClient = new(options);
        return (new LinkStream(toServer, toClient), new LinkStream(toClient, toServer));
    }

    /// <summary>Sends nothing any more: the other end reads the end of the file.</summary>
    public void EndOutput() => _outgoing.Writer.Complete();

    /// <summary>Cuts the connection: reads and writes of both ends fail, also those in progress.</summary>
    public void Reset()
    {
        _isReset = true;
        foreach (var pipe in (Pipe[])[_incoming, _outgoing])
        {
            pipe.Writer.Complete(Broken());
            pipe.Writer.CancelPendingFlush();
            pipe.Reader.CancelPendingRead();
        }

        Resume();
    }

    /// <summary>Reads nothing until <see cref="Resume"/>.</summary>
    public void Pause() =>
        Interlocked.CompareExchange(ref _paused, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null);

    public void Resume() => Interlocked.Exchange(ref _paused, null)?.SetResult();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await _incoming.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);

        // What has arrived stays in the pipe meanwhile, where it keeps the other end from writing more.
        while (_paused is { } paused)
            await paused.Task.ConfigureAwait(false);
        if (result.IsCanceled || _isReset)
            throw Broken();
        var count = (int)Math.Min(buffer.Length, result.Buffer.Length);
        var read = result.Buffer.Slice(0, count);
        read.CopyTo(buffer.Span);
        _incoming.Reader.AdvanceTo(read.End);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        FlushResult result;
        try
        {
            result = await _outgoing.Writer.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException e)
        {
            throw new IOException("The connection was cut.", e);
        }

        if (result.IsCanceled || result.IsCompleted)
            throw Broken();
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static IOException Broken() => new("The connection was cut.");
}
