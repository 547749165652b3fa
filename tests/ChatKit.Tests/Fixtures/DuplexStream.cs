using System.IO.Pipelines;

namespace ChatKit.Tests.Fixtures;

/// <summary>One end of a connection in memory. Behaves as a socket does: an end of file, a reset, writes that wait for the reader.</summary>
internal sealed class DuplexStream : AsyncStream
{
    private readonly Pipe _incoming;
    private readonly Pipe _outgoing;

    private DuplexStream(Pipe incoming, Pipe outgoing) => (_incoming, _outgoing) = (incoming, outgoing);

    /// <param name="buffer">How many bytes may be on their way in each direction before a write waits.</param>
    public static (DuplexStream Server, DuplexStream Client) CreatePair(int buffer = 64 * 1024)
    {
        var options = new PipeOptions(pauseWriterThreshold: buffer, resumeWriterThreshold: buffer / 2, useSynchronizationContext: false);
        Pipe toServer = new(options), toClient = new(options);
        return (new DuplexStream(toServer, toClient), new DuplexStream(toClient, toServer));
    }

    /// <summary>Sends nothing any more: the other end reads the end of the file.</summary>
    public void EndOutput() => _outgoing.Writer.Complete();

    /// <summary>Cuts the connection: reads and writes of both ends fail, also those under way.</summary>
    public void Reset()
    {
        var reset = new IOException("The connection was reset.");
        _incoming.Writer.Complete(reset);
        _outgoing.Writer.Complete(reset);
        _incoming.Reader.CancelPendingRead();
        _outgoing.Writer.CancelPendingFlush();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await _incoming.Reader.ReadAsync(cancellationToken);
        if (result.IsCanceled)
            throw new IOException("The connection was reset.");
        var count = (int)Math.Min(buffer.Length, result.Buffer.Length);
        var read = result.Buffer.Slice(0, count);
        var target = buffer;
        foreach (var segment in read)
        {
            segment.CopyTo(target);
            target = target[segment.Length..];
        }

        _incoming.Reader.AdvanceTo(read.End);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        FlushResult result;
        try
        {
            result = await _outgoing.Writer.WriteAsync(buffer, cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new IOException("The connection was reset.", e);
        }

        if (result.IsCanceled || result.IsCompleted)
            throw new IOException("The connection was reset.");
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }
}
