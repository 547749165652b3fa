using System.ComponentModel;

namespace ChatKit;

/// <summary>
/// A transport that can carry out many writes at once. A room uses it, if it is registered as a singleton, when it writes a message to its
/// members. Applications don't call it.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IWriteBatching
{
    /// <summary>
    /// Begins to collect what this thread writes to connections of the transport. A write may complete before it is carried out, but everything
    /// is sent in order.
    /// </summary>
    /// <returns>
    /// Carries out the writes when it is disposed of, on the same thread; null if they are carried out one by one. Neither may throw.
    /// </returns>
    IDisposable? Begin();
}
