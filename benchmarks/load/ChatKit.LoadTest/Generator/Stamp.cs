using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;

namespace ChatKit.LoadTest.Generator;

/// <summary>
/// The metadata at the start of each text, in letters that JSON does not escape: a mark, then the time, sender, and counter, then padding.
/// Each field has 32 bits in eight letters, with four bits per letter, lowest first.
/// </summary>
internal static class Stamp
{
    public const byte Mark = (byte)'@';
    public const int FieldSize = 8;
    public const int TimeOffset = 1;
    public const int SenderOffset = TimeOffset + (2 * FieldSize);
    public const int CounterOffset = SenderOffset + FieldSize;
    public const int Size = CounterOffset + FieldSize;

    /// <summary>The text that is sent until everyone has received it, to verify that all members are in their rooms.</summary>
    public const uint Probe = uint.MaxValue;

    private const byte Padding = (byte)'.';
    private const ulong Letters = 0x4141414141414141;
    private const ulong LowBits = 0x0F0F0F0F0F0F0F0F;

    /// <summary>A text with empty fields.</summary>
    public static byte[] Template(int size)
    {
        var text = new byte[Math.Max(size, Size)];
        text.AsSpan().Fill(Padding);
        text[0] = Mark;
        return text;
    }

    public static long Time(ReadOnlySpan<byte> stamp) =>
        Field(stamp, TimeOffset) | ((long)Field(stamp, TimeOffset + FieldSize) << 32);

    public static uint Sender(ReadOnlySpan<byte> stamp) => Field(stamp, SenderOffset);

    public static uint Counter(ReadOnlySpan<byte> stamp) => Field(stamp, CounterOffset);

    public static ulong Encode(uint value)
    {
        if (Bmi2.X64.IsSupported)
            return Bmi2.X64.ParallelBitDeposit(value, LowBits) + Letters;

        ulong letters = 0;
        for (var i = 0; i < FieldSize; i++)
            letters |= (ulong)((value >> (4 * i)) & 0xF) << (8 * i);
        return letters + Letters;
    }

    private static uint Field(ReadOnlySpan<byte> stamp, int offset)
    {
        var letters = BinaryPrimitives.ReadUInt64LittleEndian(stamp[offset..]) - Letters;
        if (Bmi2.X64.IsSupported)
            return (uint)Bmi2.X64.ParallelBitExtract(letters, LowBits);

        uint value = 0;
        for (var i = 0; i < FieldSize; i++)
            value |= (uint)((letters >> (8 * i)) & 0xF) << (4 * i);
        return value;
    }
}
