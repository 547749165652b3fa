namespace ChatKit.WebSockets;

/// <summary>The maximum size of a message, for all endpoints.</summary>
internal static class MessageSize
{
    /// <summary>
    /// The size in bytes. Every message must fit into a frame of <see cref="ChatKitSubprotocol.V1"/>, and the platform can't write more
    /// than 125,000,000 bytes as a base64 JSON string. Redis accepts values of at most 512 MiB.
    /// </summary>
    public const int Max = 64 * 1024 * 1024;

    /// <exception cref="ArgumentException">The message is too large.</exception>
    public static void ThrowIfTooLarge(int bytes)
    {
        if (bytes > Max)
            throw new ArgumentException($"The message has {bytes} bytes; it must have at most {Max}.");
    }
}
