namespace ChatKit.Connections.Transport;

/// <summary>
/// Writes frames to one client. The frames are those of a WebSocket, because the members of a room share them; a transport that is not a
/// WebSocket takes the messages out of them.
/// </summary>
internal abstract class FrameWriter
{
    /// <summary>Writes whole frames. The caller must not call it again before it has completed.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> frames);

    /// <summary>
    /// Adds whole frames to what this thread collects, instead of writing them. Returns false if they have to be written. The caller must not
    /// write anything else before the writer is notified.
    /// </summary>
    public virtual bool TryBatch(ReadOnlySpan<byte> frames, IBatchedWriter writer) => false;

    /// <summary>Called before a close frame is written, after which nothing is written, or when no more pongs will be read.</summary>
    public virtual void OnClosing()
    {
    }
}
