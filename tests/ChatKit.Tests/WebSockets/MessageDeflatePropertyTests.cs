using System.IO.Compression;
using System.Net.WebSockets;
using ChatKit.TestKit.ForAll;
using ChatKit.Tests.Fixtures;
using ChatKit.WebSockets;

namespace ChatKit.Tests.WebSockets;

public class MessageDeflatePropertyTests
{
    private const int Limit = 100_000;

    [ForAll]
    public void A_compressed_payload_is_smaller_and_can_be_inflated(Payload payload, AnyText text)
    {
        foreach (var data in new[] { payload.Bytes, text.Utf8, [.. Enumerable.Repeat(text.Utf8, 100).SelectMany(static t => t)] })
        {
            var frame = MessageDeflate.Frame(WebSocketMessageType.Text, data);
            if (frame is null)
                continue;

            Assert.True(frame.Length < data.Length + 4);
            Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate(WebSocketFrame.Payload(frame), data.Length, out var inflated));
            Assert.Equal(data, inflated);
            Assert.Equal(InflateResult.TooBig, MessageDeflate.Inflate(WebSocketFrame.Payload(frame), data.Length - 1, out _));
        }
    }

    [ForAll]
    public void A_message_compressed_with_any_settings_is_inflated(Payload payload, byte level, byte strategy, byte flushEvery)
    {
        var deflated = Deflate(payload.Bytes, level, strategy, flushEvery);

        Assert.Equal(InflateResult.Ok, MessageDeflate.Inflate(deflated, Limit, out var inflated));

        Assert.Equal(payload.Bytes, inflated);
    }

    /// <summary>
    /// Torn, it is corrupt or ends between two blocks. Where just four stored bytes are missing, the mark that RFC 7692 section 7.2.2 has the
    /// reader append takes their place, and nobody can tell.
    /// </summary>
    [ForAll]
    public void A_truncated_message_is_corrupt_or_inflates_to_a_prefix(Payload payload, byte level, byte strategy, byte flushEvery, ushort at)
    {
        var deflated = Deflate(payload.Bytes, level, strategy, flushEvery);

        var result = MessageDeflate.Inflate(deflated.AsSpan(0, at % deflated.Length), Limit, out var inflated);

        if (inflated is [.. var beginning, 0x00, 0x00, 0xFF, 0xFF] && !payload.Bytes.AsSpan().StartsWith(inflated))
            inflated = beginning;
        Assert.True(result == InflateResult.Corrupt || payload.Bytes.AsSpan().StartsWith(inflated), "the inflated data is a prefix of the payload");
    }

    [ForAll]
    public void Damaged_input_never_throws_and_never_exceeds_the_limit(Payload payload, byte level, byte strategy, byte flushEvery, byte[] noise, ushort at)
    {
        var deflated = Deflate(payload.Bytes, level, strategy, flushEvery);
        var place = at % deflated.Length;
        byte[] changed = [.. deflated];
        changed[place] ^= (byte)(1 << (at % 8));
        foreach (var bytes in new[] { noise, changed, [.. deflated[..place], .. noise, .. deflated[place..]] })
        {
            foreach (var limit in new[] { 1, 100, Limit })
            {
                var result = MessageDeflate.Inflate(bytes, limit, out var inflated);
                Assert.Equal(result == InflateResult.Ok, inflated is not null);
                Assert.True(inflated is null || inflated.Length <= limit);
            }
        }
    }

    /// <summary>Compresses as a client may.</summary>
    private static byte[] Deflate(byte[] data, byte level, byte strategy, byte flushEvery)
    {
        using var output = new MemoryStream();
        using var deflate = new DeflateStream(
            output,
            new ZLibCompressionOptions { CompressionLevel = level % 10, CompressionStrategy = (ZLibCompressionStrategy)(strategy % 5) });
        foreach (var part in data.Chunk((flushEvery * 16) + 1000))
        {
            deflate.Write(part);
            deflate.Flush();
        }

        return data.Length == 0 ? [0x00] : output.ToArray()[..^4];
    }
}
