using System.ComponentModel;
using System.Net.Sockets;

namespace ChatKit;

/// <summary>The socket under the body of an event stream, so that events can bypass the layers between them.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class EventStreamSocket
{
    /// <summary>The socket. Nothing else may write to it once the events bypass the body.</summary>
    public abstract Socket Socket { get; }

    /// <summary>
    /// Whether the client has acknowledged everything that was written before: the head of the response, and a number of bytes of the body.
    /// Returns true only if it is certain.
    /// </summary>
    /// <param name="bodyLength">The number of bytes of the body that were written.</param>
    public abstract bool HasAcknowledged(long bodyLength);
}
