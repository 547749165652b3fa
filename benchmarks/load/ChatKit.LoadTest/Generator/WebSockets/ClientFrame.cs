using System.Buffers.Binary;

namespace ChatKit.LoadTest.Generator.WebSockets;

/// <summary>Creates the masked frames that a client sends (RFC 6455 section 5.2).</summary>
internal static class ClientFrame
{
    public const int TextOpcode = 0x1;
    public const int CloseOpcode = 0x8;
    public const int PingOpcode = 0x9;
    public const int PongOpcode = 0xA;

    private const byte Fin = 0x80;
    private const byte Masked = 0x80;
    private const int MaxShortPayload = 125;
    private const byte LongPayload = 126;

    /// <summary>The mask can be any value, as long as the server must unmask the frame.</summary>
    private static ReadOnlySpan<byte> Mask => [0x5A, 0xC3, 0x1E, 0x97];

    /// <summary>A complete frame, and the offset of its payload.</summary>
    public static byte[] Create(int opcode, ReadOnlySpan<byte> payload, out int start)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, ushort.MaxValue);
        var extended = payload.Length > MaxShortPayload ? sizeof(ushort) : 0;
        start = 2 + extended + Mask.Length;
        var frame = new byte[start + payload.Length];
        frame[0] = (byte)(Fin | opcode);
        frame[1] = (byte)(Masked | (extended > 0 ? LongPayload : payload.Length));
        if (extended > 0)
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
        Mask.CopyTo(frame.AsSpan(start - Mask.Length));
        for (var i = 0; i < payload.Length; i++)
            frame[start + i] = (byte)(payload[i] ^ Mask[i % Mask.Length]);
        return frame;
    }

    public static byte[] Create(int opcode, ReadOnlySpan<byte> payload) => Create(opcode, payload, out _);

    /// <summary>The mask of the eight bytes at an offset of the payload.</summary>
    public static ulong MaskAt(int offset)
    {
        Span<byte> mask = stackalloc byte[sizeof(ulong)];
        for (var i = 0; i < mask.Length; i++)
            mask[i] = Mask[(offset + i) % Mask.Length];
        return BinaryPrimitives.ReadUInt64LittleEndian(mask);
    }
}
