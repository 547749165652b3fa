using System.ComponentModel;

namespace ChatKit;

/// <summary>A writer whose bytes were added to those that a thread collects. Applications don't implement it.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IBatchedWriter
{
    /// <summary>Called on the same thread when the bytes were sent, or could not be. Must not throw.</summary>
    /// <param name="count">The number of bytes that were sent; negative if there was an error.</param>
    /// <param name="bytes">The bytes, until the method returns.</param>
    void OnSent(int count, ReadOnlySpan<byte> bytes);
}
