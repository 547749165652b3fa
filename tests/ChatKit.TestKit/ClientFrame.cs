using System.Buffers.Binary;
using System.Text;

namespace ChatKit.TestKit;

/// <summary>The number of bits of the extended payload length of a frame.</summary>
public enum LengthForm
{
    Shortest,
    Bits16,
    Bits64,
}

/// <summary>Builds frames as a client does, valid or invalid (RFC 6455 section 5.2).</summary>
public static class ClientFrame
{
    public const int Continuation = 0x0;
    public const int Text = 0x1;
    public const int Binary = 0x2;
    public const int Close = 0x8;
    public const int Ping = 0x9;
    public const int Pong = 0xA;

    /// <summary>Added to the opcode of a compressed message's first frame (RFC 7692 section 6).</summary>
    public const int Compressed = 0x40;

    public const uint Key = 0x01020304;

    private const byte Fin = 0x80;
    private const byte Masked = 0x80;

    /// <param name="opcode">The opcode, with optional reserved bits.</param>
    /// <param name="payload">The unmasked payload.</param>
    /// <param name="final">Whether the frame is the last one of the message.</param>
    /// <param name="key">The masking key; null for an unmasked frame, which a client must not send.</param>
    /// <param name="form">The encoding of the length.</param>
    public static byte[] Of(
        int opcode, ReadOnlySpan<byte> payload, bool final = true, uint? key = Key, LengthForm form = LengthForm.Shortest)
    {
        var header = Header(opcode, (ulong)payload.Length, final, key, form);
        byte[] frame = [.. header, .. payload];
        for (var i = 0; key is not null && i < payload.Length; i++)
            frame[header.Length + i] ^= header[header.Length - sizeof(uint) + (i % sizeof(uint))];
        return frame;
    }

    public static byte[] Of(int opcode, string payload, bool final = true) => Of(opcode, Encoding.UTF8.GetBytes(payload), final);

    /// <summary>The bytes before the payload, including the masking key.</summary>
    public static byte[] Header(
        int opcode, ulong length, bool final = true, uint? key = Key, LengthForm form = LengthForm.Shortest)
    {
        if (form == LengthForm.Shortest && length > 125)
            form = length > ushort.MaxValue ? LengthForm.Bits64 : LengthForm.Bits16;
        var (small, bytes) = form switch
        {
            LengthForm.Bits16 => (126UL, sizeof(ushort)),
            LengthForm.Bits64 => (127UL, sizeof(ulong)),
            _ => (length, 0),
        };
        var first = (byte)((final ? Fin : 0) | opcode);
        var second = (byte)((key is null ? 0 : Masked) | (int)small);
        return [first, second, .. BigEndian(length)[^bytes..], .. KeyBytes(key)];
    }

    /// <summary>A close frame (RFC 6455 section 5.5.1).</summary>
    public static byte[] CloseWith(int code, string reason = "") => CloseWith(code, Encoding.UTF8.GetBytes(reason));

    public static byte[] CloseWith(int code, ReadOnlySpan<byte> reason) =>
        Of(Close, [.. BigEndian((ulong)code)[^sizeof(ushort)..], .. reason]);

    private static byte[] KeyBytes(uint? key) => key is { } value ? BigEndian(value)[^sizeof(uint)..] : [];

    private static byte[] BigEndian(ulong value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
