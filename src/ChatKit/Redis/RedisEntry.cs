using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text;

namespace ChatKit.Redis;

/// <summary>
/// A message as the list in Redis holds it: version, flags, time, sender, connection, payload. Without its position, which the place
/// in the list tells.
/// </summary>
/// <remarks>Byte 0 version, byte 1 flags, bytes 2 to 9 UTC ticks, then each text as a four-byte length and UTF-8; little-endian.</remarks>
internal static class RedisEntry
{
    private const byte Version = 1;
    private const int HeaderSize = 10;
    private const int LengthSize = sizeof(int);

    [Flags]
    private enum EntryFlags : byte
    {
        None = 0,
        Binary = 1,
        Others = 2,
        HasFrom = 4,
        HasConnectionId = 8,
    }

    public static byte[] Encode(ChatMessage message)
    {
        var flags = EntryFlags.None;
        if (message.Type == WebSocketMessageType.Binary)
            flags |= EntryFlags.Binary;
        if (message.Audience == Audience.Others)
            flags |= EntryFlags.Others;
        if (message.From is not null)
            flags |= EntryFlags.HasFrom;
        if (message.ConnectionId is not null)
            flags |= EntryFlags.HasConnectionId;

        var entry = new byte[HeaderSize + SizeOf(message.From) + SizeOf(message.ConnectionId) + message.Data.Length];
        entry[0] = Version;
        entry[1] = (byte)flags;
        BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(2), message.At.UtcTicks);
        var rest = entry.AsSpan(HeaderSize);
        Write(ref rest, message.From);
        Write(ref rest, message.ConnectionId);
        message.Data.Span.CopyTo(rest);
        return entry;
    }

    /// <exception cref="InvalidDataException">The bytes are not an entry, or one of a later version.</exception>
    public static ChatMessage Decode(byte[] entry, MessagePosition position)
    {
        if (entry.Length < HeaderSize || entry[0] != Version)
            throw new InvalidDataException($"The entry at {position} is not of version {Version}.");

        try
        {
            var flags = (EntryFlags)entry[1];
            var at = new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(entry.AsSpan(2)), TimeSpan.Zero);
            ReadOnlyMemory<byte> rest = entry.AsMemory(HeaderSize);
            var from = flags.HasFlag(EntryFlags.HasFrom) ? Read(ref rest) : null;
            var connectionId = flags.HasFlag(EntryFlags.HasConnectionId) ? Read(ref rest) : null;
            return new ChatMessage(flags.HasFlag(EntryFlags.Binary) ? WebSocketMessageType.Binary : WebSocketMessageType.Text, rest, at)
            {
                From = from,
                ConnectionId = connectionId,
                Audience = flags.HasFlag(EntryFlags.Others) ? Audience.Others : Audience.Everyone,
                Position = position,
            };
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"The entry at {position} is damaged.", e);
        }
    }

    private static int SizeOf(string? text) => text is null ? 0 : LengthSize + Encoding.UTF8.GetByteCount(text);

    private static void Write(ref Span<byte> rest, string? text)
    {
        if (text is null)
            return;

        var length = Encoding.UTF8.GetBytes(text, rest[LengthSize..]);
        BinaryPrimitives.WriteInt32LittleEndian(rest, length);
        rest = rest[(LengthSize + length)..];
    }

    private static string Read(ref ReadOnlyMemory<byte> rest)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(rest.Span);
        var text = Encoding.UTF8.GetString(rest.Span.Slice(LengthSize, length));
        rest = rest[(LengthSize + length)..];
        return text;
    }
}
