using System.Buffers.Text;
using System.Text;

namespace ChatKit.Redis;

/// <summary>
/// The payloads on a room's channel: the position as text, a line feed, and the entry. An ephemeral message has the position <c>:0</c>. An
/// announcement has an exclamation mark instead of the position, followed by its bytes.
/// </summary>
internal static class RedisPayload
{
    private static ReadOnlySpan<byte> EphemeralHead => ":0\n"u8;

    private static ReadOnlySpan<byte> AnnouncementHead => "!\n"u8;

    public static byte[] OfEphemeral(ChatMessage message) => RedisEntry.Encode(message, EphemeralHead);

    public static byte[] OfAnnouncement(ReadOnlySpan<byte> announcement) => [.. AnnouncementHead, .. announcement];

    /// <summary>Encodes a message that is stored elsewhere, with its position.</summary>
    public static byte[] OfStored(ChatMessage message, MessagePosition position) =>
        RedisEntry.Encode(message, Encoding.UTF8.GetBytes($"{position}\n"));

    /// <summary>Whether a payload is an announcement.</summary>
    /// <param name="payload">The payload from the channel. It isn't copied.</param>
    /// <param name="announcement">The announcement.</param>
    public static bool IsAnnouncement(ReadOnlyMemory<byte> payload, out ReadOnlyMemory<byte> announcement)
    {
        var isOne = payload.Span.StartsWith(AnnouncementHead);
        announcement = isOne ? payload[AnnouncementHead.Length..] : default;
        return isOne;
    }

    /// <param name="payload">The payload from the channel. It isn't copied.</param>
    /// <param name="epoch">The room's last known epoch. The string is reused if the payload has the same epoch.</param>
    /// <exception cref="InvalidDataException">The bytes aren't a payload, or have a later version.</exception>
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
            throw new InvalidDataException("It does not start with a position.");

        var entry = payload[(end + 1)..];
        if (sequence == 0)
            return RedisEntry.Decode(entry, null);

        var named = head[..colon];
        return RedisEntry.Decode(
            entry, new MessagePosition(Ascii.Equals(named, epoch) ? epoch : Encoding.UTF8.GetString(named), sequence));
    }
}
