namespace ChatKit.WebSockets;

/// <summary>How large a message may be at all, whatever an endpoint allows.</summary>
internal static class MessageSize
{
    /// <summary>
    /// In bytes. Every message must fit into a frame of <see cref="ChatKitSubprotocol.V1"/>, and the platform writes no JSON string of
    /// more than 125,000,000 bytes as base64; nor does Redis take a value of more than 512 MiB, or a person wait for one.
    /// </summary>
    public const int Max = 64 * 1024 * 1024;

    /// <exception cref="ArgumentException">The message is too large.</exception>
    public static void ThrowIfTooLarge(int bytes)
    {
        if (bytes > Max)
            throw new ArgumentException($"The message has {bytes} bytes; it must have at most {Max}.");
    }
}
