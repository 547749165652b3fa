using System.IO.Pipelines;

namespace ChatKit.Connections.Transport;

/// <summary>A transport over any stream, for HTTP/2 or for a host without a pipe.</summary>
internal sealed class StreamTransport(Stream stream) : FrameTransport
{
    public override PipeReader Input { get; } =
        PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => stream.WriteAsync(frames);

    public override void Release() => Input.Complete();
}
