using System.Buffers.Binary;

namespace ChatKit.TestKit;

/// <summary>What the headers of a server's frames say, which are not masked (RFC 6455 section 5.2).</summary>
public static class ServerFrame
{
    /// <summary>How many bytes come before the payload, which the first two of them say.</summary>
    public static int HeaderSize(ReadOnlySpan<byte> start) => (start[1] & 0x7F) switch
    {
        126 => 2 + sizeof(ushort),
        127 => 2 + sizeof(ulong),
        _ => 2,
    };

    /// <summary>How many bytes the payload has.</summary>
    public static ulong PayloadLength(ReadOnlySpan<byte> header) => (header[1] & 0x7F) switch
    {
        126 => BinaryPrimitives.ReadUInt16BigEndian(header[2..]),
        127 => BinaryPrimitives.ReadUInt64BigEndian(header[2..]),
        var small => (ulong)small,
    };
}
