namespace ChatKit.AspNetCore.Sockets;

/// <summary>A writer whose bytes were added to a batch.</summary>
internal interface IBatchedWriter
{
    /// <summary>Called when the batch has sent the bytes, or failed to. Must not throw.</summary>
    /// <param name="count">The number of bytes that were sent; negative if there was an error.</param>
    /// <param name="bytes">The bytes, until the method returns.</param>
    void OnSent(int count, ReadOnlySpan<byte> bytes);
}
