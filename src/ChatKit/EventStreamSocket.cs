using System.ComponentModel;
using System.Net.Sockets;

namespace ChatKit;

/// <summary>The socket under the body of an event stream, so that events can bypass the layers between them.</summary>
/// <param name="socket">The socket. Nothing else may write to it once the events bypass the body.</param>
/// <param name="hasAcknowledged">
/// Whether the client has acknowledged everything that was written before: the head of the response, and a number of bytes of the body. It may
/// return true only if it is certain.
/// </param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class EventStreamSocket(Socket socket, Func<long, bool> hasAcknowledged)
{
    /// <summary>The socket.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>Whether the client has acknowledged everything that was written before.</summary>
    /// <param name="bodyLength">The number of bytes of the body that were written.</param>
    public bool HasAcknowledged(long bodyLength) => hasAcknowledged(bodyLength);
}
