using System.Buffers.Text;
using System.Text;

namespace ChatKit.Redis;

/// <summary>What is published on a room's channel: the position as text, a line feed, and the entry. An ephemeral message is at <c>:0</c>.</summary>
internal static class RedisPayload
{
    private static ReadOnlySpan<byte> Nowhere => ":0\n"u8;

    public static byte[] OfEphemeral(ChatMessage message) => RedisEntry.Encode(message, Nowhere);

    /// <param name="payload">What came from the channel. Not copied.</param>
    /// <param name="epoch">The room's epoch as far as it is known, to be used again if the payload names the same.</param>
    /// <exception cref="InvalidDataException">The bytes are not a payload, or one of a later version.</exception>
    public static ChatMessage Decode(ReadOnlyMemory<byte> payload, string epoch)
    {
        var head = payload.Span;
        var end = head.IndexOf((byte)'\n');
        var colon = end < 0 ? -1 : head[..end].LastIndexOf((byte)':');
        if (colon < 0
            || !Utf8Parser.TryParse(head[(colon + 1)..end], out long sequence, out var digits)
            || digits != end - colon - 1
            || sequence < 0
            || (colon == 0) != (sequence == 0))
            throw new InvalidDataException("It does not begin with a position.");

        var entry = payload[(end + 1)..];
        if (sequence == 0)
            return RedisEntry.Decode(entry, null);

        var named = head[..colon];
        return RedisEntry.Decode(
            entry, new MessagePosition(Ascii.Equals(named, epoch) ? epoch : Encoding.UTF8.GetString(named), sequence));
    }
}
