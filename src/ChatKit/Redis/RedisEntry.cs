using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text;

namespace ChatKit.Redis;

/// <summary>
/// Encodes and decodes the entries of the list in Redis: version, flags, time, sender, connection, trace, change, payload. The position
/// follows from the place in the list.
/// </summary>
/// <remarks>
/// Byte 0: version; byte 1: flags; bytes 2 to 9: UTC ticks; then each text as a four-byte length and UTF-8. An entry that was changed has
/// <see cref="ChangedVersion"/>, and before the payload the revision (8 bytes), the UTC ticks of the change, and who made it. Little-endian.
/// <see cref="RedisScripts.Change"/> reads and writes the same format.
/// </remarks>
internal static class RedisEntry
{
    private const byte Version = 1;
    private const byte ChangedVersion = 2;
    private const int HeaderSize = 10;
    private const int LengthSize = sizeof(int);
    private const int ChangeSize = 2 * sizeof(long);

    [Flags]
    private enum EntryFlags : byte
    {
        None = 0,
        Binary = 1,
        Others = 2,
        HasFrom = 4,
        HasConnectionId = 8,
        HasTraceParent = 16,
        Json = 32,
        HasChangedBy = 64,
        Deleted = 128,
    }

    /// <param name="message">The message.</param>
    /// <param name="head">The bytes to write before the entry.</param>
    public static byte[] Encode(ChatMessage message, ReadOnlySpan<byte> head = default)
    {
        var flags = FlagsOf(message.Type, message.IsJson, message.ChangedBy, message.IsDeleted);
        if (message.Audience == Audience.Others)
            flags |= EntryFlags.Others;
        if (message.From is not null)
            flags |= EntryFlags.HasFrom;
        if (message.ConnectionId is not null)
            flags |= EntryFlags.HasConnectionId;
        if (message.TraceParent is not null)
            flags |= EntryFlags.HasTraceParent;

        var texts = SizeOf(message.From) + SizeOf(message.ConnectionId) + SizeOf(message.TraceParent) + SizeOf(message.ChangedBy);
        var change = message.Revision is null ? 0 : ChangeSize;
        var bytes = new byte[head.Length + HeaderSize + texts + change + message.Data.Length];
        head.CopyTo(bytes);
        var entry = bytes.AsSpan(head.Length);
        entry[0] = message.Revision is null ? Version : ChangedVersion;
        entry[1] = (byte)flags;
        BinaryPrimitives.WriteInt64LittleEndian(entry[2..], message.At.UtcTicks);
        var rest = entry[HeaderSize..];
        Write(ref rest, message.From);
        Write(ref rest, message.ConnectionId);
        Write(ref rest, message.TraceParent);
        if (message.Revision is { } revision)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, revision);
            BinaryPrimitives.WriteInt64LittleEndian(rest[sizeof(long)..], message.ChangedAt.GetValueOrDefault().UtcTicks);
            rest = rest[ChangeSize..];
            Write(ref rest, message.ChangedBy);
        }

        message.Data.Span.CopyTo(rest);
        return bytes;
    }

    /// <summary>
    /// Encodes what a change adds to an entry: the flags, and what follows the revision. The script adds the rest, which does not change.
    /// </summary>
    public static (int Flags, byte[] Tail) Encode(MessageChange change)
    {
        var flags = FlagsOf(change.Type, change.IsJson, change.By, change.IsDeletion);
        var tail = new byte[sizeof(long) + SizeOf(change.By) + change.Data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(tail, change.At.UtcTicks);
        var rest = tail.AsSpan(sizeof(long));
        Write(ref rest, change.By);
        change.Data.Span.CopyTo(rest);
        return ((int)flags, tail);
    }

    /// <param name="entry">The bytes. They aren't copied.</param>
    /// <param name="position">The message's position; null if it is ephemeral.</param>
    /// <exception cref="InvalidDataException">The bytes aren't an entry, or have a later version.</exception>
    public static ChatMessage Decode(ReadOnlyMemory<byte> entry, MessagePosition? position)
    {
        if (entry.Length < HeaderSize || entry.Span[0] is not (Version or ChangedVersion))
            throw new InvalidDataException($"The entry at {position} does not have version {Version} or {ChangedVersion}.");

        try
        {
            var flags = (EntryFlags)entry.Span[1];
            var at = new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(entry.Span[2..]), TimeSpan.Zero);
            var rest = entry[HeaderSize..];
            var from = flags.HasFlag(EntryFlags.HasFrom) ? Read(ref rest) : null;
            var connectionId = flags.HasFlag(EntryFlags.HasConnectionId) ? Read(ref rest) : null;
            var traceParent = flags.HasFlag(EntryFlags.HasTraceParent) ? Read(ref rest) : null;
            long? revision = null;
            DateTimeOffset? changedAt = null;
            if (entry.Span[0] == ChangedVersion)
            {
                revision = BinaryPrimitives.ReadInt64LittleEndian(rest.Span);
                changedAt = new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(rest.Span[sizeof(long)..]), TimeSpan.Zero);
                rest = rest[ChangeSize..];
            }

            var changedBy = flags.HasFlag(EntryFlags.HasChangedBy) ? Read(ref rest) : null;
            return new ChatMessage(flags.HasFlag(EntryFlags.Binary) ? WebSocketMessageType.Binary : WebSocketMessageType.Text, rest, at)
            {
                From = from,
                ConnectionId = connectionId,
                Audience = flags.HasFlag(EntryFlags.Others) ? Audience.Others : Audience.Everyone,
                Position = position,
                TraceParent = traceParent,
                Revision = revision,
                ChangedAt = changedAt,
                ChangedBy = changedBy,
                IsDeleted = flags.HasFlag(EntryFlags.Deleted),
                IsJson = flags.HasFlag(EntryFlags.Json),
            };
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"The entry at {position} is damaged.", e);
        }
    }

    /// <summary>The flags that a change replaces.</summary>
    private static EntryFlags FlagsOf(WebSocketMessageType type, bool isJson, string? changedBy, bool isDeleted) =>
        (type == WebSocketMessageType.Binary ? EntryFlags.Binary : EntryFlags.None)
        | (isJson ? EntryFlags.Json : EntryFlags.None)
        | (changedBy is null ? EntryFlags.None : EntryFlags.HasChangedBy)
        | (isDeleted ? EntryFlags.Deleted : EntryFlags.None);

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
