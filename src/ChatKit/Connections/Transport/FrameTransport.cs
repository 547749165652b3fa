using System.IO.Pipelines;

namespace ChatKit.Connections.Transport;

/// <summary>Reads and writes the bytes of a connection.</summary>
internal abstract class FrameTransport
{
    /// <summary>The bytes that the client sends. Holds no buffer while nothing arrives.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>Writes whole frames. The caller must not call it again before it has completed.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> frames);

    /// <summary>Called when the client has sent a pong.</summary>
    public virtual void OnPong(ReadOnlySpan<byte> payload)
    {
    }

    /// <summary>Called before a close frame is written, after which nothing is written, or when no more pongs will be read.</summary>
    public virtual void OnClosing()
    {
    }

    /// <summary>Releases what the transport itself holds. The host ends the connection.</summary>
    public virtual void Release()
    {
    }
}
