using System.ComponentModel;
using System.Net.Sockets;

namespace ChatKit;

/// <summary>
/// Carries out many writes at once. A room uses it when it writes a message to its members. Applications don't call it. It is disposed of with
/// the rooms.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IWriteBatching : IDisposable
{
    /// <summary>
    /// Begins to collect what this thread writes to connections. A write of a transport that knows the batch may complete before it is carried
    /// out, but everything is sent in order.
    /// </summary>
    /// <returns>
    /// Carries out the writes when it is disposed of, on the same thread; null if they are carried out one by one. Neither may throw.
    /// </returns>
    IDisposable? Begin();

    /// <summary>Adds a copy of the bytes to what this thread collects. Until they were sent, nothing else may write to the socket.</summary>
    /// <param name="socket">The socket, which must not block.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="writer">Is notified when they were sent.</param>
    /// <returns>False if the caller has to send the bytes itself.</returns>
    bool TryAdd(Socket socket, ReadOnlySpan<byte> bytes, IBatchedWriter writer);
}
