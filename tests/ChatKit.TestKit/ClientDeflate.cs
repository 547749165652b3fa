using System.IO.Compression;

namespace ChatKit.TestKit;

/// <summary>Compresses and inflates the payload of a message as a client does (RFC 7692 section 7.2).</summary>
public static class ClientDeflate
{
    /// <summary>What a sender leaves out at the end.</summary>
    private static readonly byte[] EndOfMessage = [0x00, 0x00, 0xFF, 0xFF];

    public static byte[] Compress(ReadOnlySpan<byte> data, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var output = new MemoryStream();
        using var deflate = new DeflateStream(output, level, leaveOpen: true);
        deflate.Write(data);
        return Finish(deflate, output);
    }

    public static byte[] Compress(ReadOnlySpan<byte> data, ZLibCompressionOptions options)
    {
        using var output = new MemoryStream();
        using var deflate = new DeflateStream(output, options, leaveOpen: true);
        deflate.Write(data);
        return Finish(deflate, output);
    }

    /// <summary>So many zeros, as small as they become.</summary>
    public static byte[] CompressZeros(int length)
    {
        using var output = new MemoryStream();
        using var deflate = new DeflateStream(output, CompressionLevel.SmallestSize, leaveOpen: true);
        var zeros = new byte[64 * 1024];
        for (var left = length; left > 0; left -= zeros.Length)
            deflate.Write(zeros, 0, Math.Min(left, zeros.Length));
        return Finish(deflate, output);
    }

    public static byte[] Inflate(ReadOnlySpan<byte> payload)
    {
        // An empty last block follows, so that the platform knows that it has everything.
        using var inflate = new DeflateStream(
            new MemoryStream([.. payload, .. EndOfMessage, 0x01, .. EndOfMessage]), CompressionMode.Decompress);
        using var output = new MemoryStream();
        inflate.CopyTo(output);
        return output.ToArray();
    }

    private static byte[] Finish(DeflateStream deflate, MemoryStream output)
    {
        deflate.Flush();

        // The platform flushes nothing where nothing was written (RFC 7692 section 7.2.3.6).
        return output.Length == 0 ? [0x00] : output.ToArray()[..^EndOfMessage.Length];
    }
}
