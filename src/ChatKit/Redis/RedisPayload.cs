using System.Buffers.Text;
using System.Text;

namespace ChatKit.Redis;

/// <summary>
/// What is published on a room's channel: the position as text, a line feed, and the entry. An ephemeral message is at <c>:0</c>; an
/// announcement has an exclamation mark in place of the position, and stands there as it is.
/// </summary>
internal static class RedisPayload
{
    private static ReadOnlySpan<byte> Nowhere => ":0\n"u8;

    private static ReadOnlySpan<byte> Announced => "!\n"u8;

    public static byte[] OfEphemeral(ChatMessage message) => RedisEntry.Encode(message, Nowhere);

    public static byte[] OfAnnouncement(ReadOnlySpan<byte> announcement) => [.. Announced, .. announcement];

    /// <summary>A message that was stored elsewhere, at its position.</summary>
    public static byte[] OfStored(ChatMessage message, MessagePosition position) =>
        RedisEntry.Encode(message, Encoding.UTF8.GetBytes($"{position}\n"));

    /// <summary>Whether a payload is an announcement.</summary>
    /// <param name="payload">What came from the channel. Not copied.</param>
    /// <param name="announcement">The announcement.</param>
    public static bool IsAnnouncement(ReadOnlyMemory<byte> payload, out ReadOnlyMemory<byte> announcement)
    {
        var isOne = payload.Span.StartsWith(Announced);
        announcement = isOne ? payload[Announced.Length..] : default;
        return isOne;
    }

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
