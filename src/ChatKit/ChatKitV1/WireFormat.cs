using ChatKit.WebSockets;

namespace ChatKit.ChatKitV1;

/// <summary>How a client is sent messages. The values count up from zero: they are used as indexes.</summary>
[Flags]
internal enum WireFormat
{
    /// <summary>A text is a text.</summary>
    Plain = 0,

    /// <summary>The client speaks <see cref="ChatKitSubprotocol.V1"/>.</summary>
    V1 = 1,

    /// <summary>The client has agreed to compressed frames.</summary>
    Compressed = 2,

    /// <summary>The client has agreed to compressed frames, and has a window that is smaller than usual, whatever its size.</summary>
    SmallWindow = 4,
}

internal static class WireFormats
{
    /// <summary>How many formats there are: the two kinds of compression exclude each other.</summary>
    public const int Count = (int)(WireFormat.V1 | WireFormat.SmallWindow) + 1;

    private const WireFormat AnyCompression = WireFormat.Compressed | WireFormat.SmallWindow;

    /// <summary>How the same is sent to a client that has not agreed to compressed frames.</summary>
    public static WireFormat Uncompressed(this WireFormat format) => format & ~AnyCompression;

    /// <summary>A frame for clients of a format; the same if it is not compressed for them.</summary>
    /// <param name="format">The format.</param>
    /// <param name="frame">A frame that is not compressed.</param>
    public static byte[] Compress(this WireFormat format, byte[] frame) => (format & AnyCompression) == 0
        ? frame
        : MessageDeflate.Compress(frame, smallWindow: (format & WireFormat.SmallWindow) != 0) ?? frame;
}
