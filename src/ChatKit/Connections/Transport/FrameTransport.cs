using System.IO.Pipelines;

namespace ChatKit.Connections.Transport;

/// <summary>Where a connection's bytes come from and go to.</summary>
internal abstract class FrameTransport
{
    /// <summary>What the client sends. Holds no buffer while nothing comes.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>Writes whole frames. To be called again only after it has ended.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> frames);

    /// <summary>The client has sent a pong.</summary>
    public virtual void OnPong(ReadOnlySpan<byte> payload)
    {
    }

    /// <summary>A close frame is to be written, and nothing behind it; or no pong will be read any more.</summary>
    public virtual void OnClosing()
    {
    }

    /// <summary>Gives back what the transport itself holds; the host ends the connection.</summary>
    public virtual void Release()
    {
    }
}
