using System.IO.Pipelines;

namespace ChatKit.Connections.Transport;

/// <summary>A stream, of whatever kind: HTTP/2, or a host that has nothing better.</summary>
internal sealed class StreamTransport(Stream stream) : FrameTransport
{
    public override PipeReader Input { get; } =
        PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => stream.WriteAsync(frames);

    public override void Release() => Input.Complete();
}
