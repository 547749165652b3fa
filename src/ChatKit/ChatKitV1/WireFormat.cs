using ChatKit.WebSockets;

namespace ChatKit.ChatKitV1;

/// <summary>The format in which a client receives messages. The values are used as indexes, so they start at zero.</summary>
[Flags]
internal enum WireFormat
{
    /// <summary>Messages are sent as they are, without a subprotocol.</summary>
    Plain = 0,

    /// <summary>The client speaks <see cref="ChatKitSubprotocol.V1"/>.</summary>
    V1 = 1,

    /// <summary>The client accepts compressed frames.</summary>
    Compressed = 2,

    /// <summary>The client accepts compressed frames, with any window that is smaller than the default.</summary>
    SmallWindow = 4,
}

internal static class WireFormats
{
    /// <summary>The number of formats. The two kinds of compression exclude each other.</summary>
    public const int Count = (int)(WireFormat.V1 | WireFormat.SmallWindow) + 1;

    private const WireFormat AnyCompression = WireFormat.Compressed | WireFormat.SmallWindow;

    /// <summary>The same format without compression.</summary>
    public static WireFormat Uncompressed(this WireFormat format) => format & ~AnyCompression;

    /// <summary>Compresses a frame for clients of a format. Returns the frame itself if it isn't compressed for them.</summary>
    /// <param name="format">The format.</param>
    /// <param name="frame">An uncompressed frame.</param>
    public static byte[] Compress(this WireFormat format, byte[] frame) => (format & AnyCompression) == 0
        ? frame
        : MessageDeflate.Compress(frame, smallWindow: (format & WireFormat.SmallWindow) != 0) ?? frame;
}
