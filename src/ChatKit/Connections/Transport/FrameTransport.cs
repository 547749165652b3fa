using System.IO.Pipelines;

namespace ChatKit.Connections.Transport;

/// <summary>Reads and writes the bytes of a WebSocket.</summary>
internal abstract class FrameTransport : FrameWriter
{
    /// <summary>The bytes that the client sends. Holds no buffer while nothing arrives.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>Called when the client has sent a pong.</summary>
    public virtual void OnPong(ReadOnlySpan<byte> payload)
    {
    }

    /// <summary>Releases what the transport itself holds. The host ends the connection.</summary>
    public virtual void Release()
    {
    }
}
