using System.IO.Pipelines;
using System.Reflection;

namespace ChatKit.AspNetCore.Tests.Endpoints;

/// <summary>A pipe that passes everything through and counts the written bytes.</summary>
internal sealed class CountedPipe(IDuplexPipe pipe, ByteCount written) : IDuplexPipe
{
    public PipeReader Input => pipe.Input;

    public PipeWriter Output { get; } = new CountedWriter(pipe.Output, written);

    /// <summary>
    /// Counts without being detected: the pipe has the same type as the server's pipe that it replaces, so that it does not count as a layer in
    /// between.
    /// </summary>
    public static IDuplexPipe Unseen(IDuplexPipe pipe, ByteCount written) =>
        (IDuplexPipe)Activator.CreateInstance(
            pipe.GetType(),
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic,
            binder: null,
            [pipe.Input, new CountedWriter(pipe.Output, written)],
            culture: null)!;

    private sealed class CountedWriter(PipeWriter writer, ByteCount written) : PipeWriter
    {
        public override void Advance(int bytes)
        {
            written.Add(bytes);
            writer.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            writer.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => writer.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => writer.Complete(exception);
    }
}

/// <summary>A counter of bytes.</summary>
internal sealed class ByteCount
{
    private long _value;

    public long Value => Interlocked.Read(ref _value);

    public void Add(int bytes) => Interlocked.Add(ref _value, bytes);
}
