using System.Runtime.InteropServices;

namespace ChatKit.WebSockets;

/// <summary>Unmasks the payload of a client's frame (RFC 6455 section 5.3).</summary>
internal static class Mask
{
    /// <param name="data">A part of the payload. It is unmasked in place.</param>
    /// <param name="key">The masking key, with its first byte as the lowest.</param>
    /// <param name="offset">The offset of the part in the payload.</param>
    public static void Remove(Span<byte> data, uint key, long offset)
    {
        Span<byte> pattern = stackalloc byte[sizeof(ulong)];
        for (var i = 0; i < pattern.Length; i++)
            pattern[i] = (byte)(key >> (int)(8 * ((offset + i) & 3)));

        var words = MemoryMarshal.Cast<byte, ulong>(data);
        var word = MemoryMarshal.Read<ulong>(pattern);
        for (var i = 0; i < words.Length; i++)
            words[i] ^= word;
        for (var i = words.Length * sizeof(ulong); i < data.Length; i++)
            data[i] ^= pattern[i & 7];
    }
}
