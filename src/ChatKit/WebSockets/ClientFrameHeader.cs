using System.Buffers;
using System.Buffers.Binary;

namespace ChatKit.WebSockets;

/// <summary>The header of a client's frame (RFC 6455 section 5.2).</summary>
internal struct ClientFrameHeader
{
    private const int MaxLength = 14;
    private const int MaskLength = 4;
    private const byte Fin = 0x80;
    private const byte Rsv1 = 0x40;
    private const byte OtherReserved = 0x30;
    private const byte Masked = 0x80;

    public int Opcode { get; private set; }

    public bool IsFinal { get; private set; }

    /// <summary>RSV1: the message that starts with this frame is compressed (RFC 7692 section 6).</summary>
    public bool IsDeflated { get; private set; }

    public long PayloadLength { get; private set; }

    public uint MaskKey { get; private set; }

    public readonly bool IsControl => (Opcode & 0x8) != 0;

    /// <summary>Reads a header and advances the buffer past it, unless there is a fault.</summary>
    /// <returns>False if the header is incomplete or there is a fault.</returns>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, out ClientFrameHeader header, out ProtocolFault? fault)
    {
        header = default;
        fault = null;
        var bytes = Start(buffer, stackalloc byte[MaxLength]);
        if (bytes.Length < 2)
            return false;

        fault = header.ReadStart(bytes[0], bytes[1]);
        if (fault is not null)
            return false;

        var length = 2 + LengthBytes(bytes[1]) + MaskLength;
        if (bytes.Length < length)
            return false;

        fault = header.ReadLength(bytes);
        if (fault is not null)
            return false;
        header.MaskKey = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(length - MaskLength)..]);
        buffer = buffer.Slice(length);
        return true;
    }

    /// <summary>Advances the buffer past a header, even if the header is invalid.</summary>
    /// <param name="buffer">The received bytes.</param>
    /// <param name="payloadLength">The length of the payload that follows.</param>
    /// <param name="isClose">Whether it is the header of a valid close frame. The mask can be missing.</param>
    /// <returns>False if the header is incomplete.</returns>
    public static bool TrySkip(ref ReadOnlySequence<byte> buffer, out long payloadLength, out bool isClose)
    {
        (payloadLength, isClose) = (0, false);
        var bytes = Start(buffer, stackalloc byte[MaxLength]);
        if (bytes.Length < 2)
            return false;
        var length = 2 + LengthBytes(bytes[1]) + ((bytes[1] & Masked) == 0 ? 0 : MaskLength);
        if (bytes.Length < length)
            return false;

        payloadLength = (long)Math.Min(Length(bytes), long.MaxValue);
        isClose = bytes[0] == (Fin | WebSocketFrame.CloseOpcode) && payloadLength <= WebSocketFrame.MaxControlPayload;
        buffer = buffer.Slice(length);
        return true;
    }

    /// <summary>Returns the received bytes of a header, as one span.</summary>
    private static ReadOnlySpan<byte> Start(in ReadOnlySequence<byte> buffer, Span<byte> copy)
    {
        if (buffer.FirstSpan.Length >= MaxLength || buffer.IsSingleSegment)
            return buffer.FirstSpan;
        var start = buffer.Slice(0, Math.Min(MaxLength, buffer.Length));
        start.CopyTo(copy);
        return copy[..(int)start.Length];
    }

    private ProtocolFault? ReadStart(byte first, byte second)
    {
        Opcode = first & 0x0F;
        IsFinal = (first & Fin) != 0;
        IsDeflated = (first & Rsv1) != 0;
        if ((first & OtherReserved) != 0)
            return ProtocolFault.Breach("reserved bit set");
        if (Opcode is not (<= WebSocketFrame.BinaryOpcode or >= WebSocketFrame.CloseOpcode and <= WebSocketFrame.PongOpcode))
            return ProtocolFault.Breach("unknown opcode");
        if ((second & Masked) == 0)
            return ProtocolFault.Breach("unmasked frame");
        if (IsControl && !IsFinal)
            return ProtocolFault.Breach("fragmented control frame");
        if (IsControl && LengthBytes(second) > 0)
            return ProtocolFault.Breach("control frame too long");
        return null;
    }

    private ProtocolFault? ReadLength(ReadOnlySpan<byte> bytes)
    {
        var length = Length(bytes);
        var least = LengthBytes(bytes[1]) switch { 0 => 0ul, 2 => WebSocketFrame.MaxControlPayload + 1ul, _ => ushort.MaxValue + 1ul };
        PayloadLength = (long)length;
        if (length < least)
            return ProtocolFault.Breach("length not in its shortest form");
        return length > long.MaxValue ? ProtocolFault.Breach("highest bit of a length set") : null;
    }

    private static ulong Length(ReadOnlySpan<byte> bytes) => LengthBytes(bytes[1]) switch
    {
        0 => (ulong)(bytes[1] & ~Masked),
        2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
        _ => BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]),
    };

    /// <summary>Returns the number of length bytes that follow the first two bytes.</summary>
    private static int LengthBytes(byte second) => (second & ~Masked) switch { 126 => sizeof(ushort), 127 => sizeof(ulong), _ => 0 };
}
