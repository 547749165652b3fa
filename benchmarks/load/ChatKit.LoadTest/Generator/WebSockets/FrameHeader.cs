using System.Buffers.Binary;

namespace ChatKit.LoadTest.Generator.WebSockets;

/// <summary>The header of a frame that a server sends.</summary>
internal readonly ref struct FrameHeader
{
    private const byte FinBit = 0x80;
    private const byte CompressedBit = 0x40;
    private const byte MaskedBit = 0x80;
    private const int ShortLength = 126;

    private FrameHeader(byte first, int size, long length)
    {
        (Opcode, Fin, Size, Length) = (first & 0xF, (first & FinBit) != 0, size, length);
    }

    public int Opcode { get; }

    public bool Fin { get; }

    /// <summary>The length of the header in bytes.</summary>
    public int Size { get; }

    /// <summary>The length of the payload in bytes.</summary>
    public long Length { get; }

    /// <summary>Reads a header. Returns false if it is incomplete.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out FrameHeader header)
    {
        header = default;
        if (data.Length < 2)
            return false;
        if ((data[0] & CompressedBit) != 0 || (data[1] & MaskedBit) != 0)
            throw new InvalidDataException("The server sent a compressed or masked frame.");

        var length = data[1];
        var size = length switch { < ShortLength => 2, ShortLength => 4, _ => 10 };
        if (data.Length < size)
            return false;

        header = new FrameHeader(data[0], size, length switch
        {
            < ShortLength => length,
            ShortLength => BinaryPrimitives.ReadUInt16BigEndian(data[2..]),
            _ => BinaryPrimitives.ReadInt64BigEndian(data[2..]),
        });
        return true;
    }
}
