using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ChatKit.History;

/// <summary>Makes idempotency keys. The keys of a user and the keys of the application never collide.</summary>
internal static class IdempotencyKey
{
    /// <summary>Half of a SHA-256. Two messages do not have the same 128 bits by chance.</summary>
    private const int DigestLength = 16;

    /// <summary>Distinguishes JSON from a text with the same bytes.</summary>
    private const int Json = 0x80;

    /// <summary>The user is part of the key, so that one user cannot use the key of another.</summary>
    public static string OfUser(string? user, string reference, UInt128 digest, int count)
    {
        Span<byte> bytes = stackalloc byte[DigestLength];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, digest);
        Span<char> text = stackalloc char[Base64Url.GetEncodedLength(DigestLength)];
        Base64Url.EncodeToChars(bytes, text);
        return string.Create(CultureInfo.InvariantCulture, $"{user?.Length ?? 0}:{user}:{reference}:{text}:{count}");
    }

    /// <summary>The key of an application begins with a letter. A key of a user begins with a digit.</summary>
    public static string OfApplication(string key) => $"app:{key}";

    /// <summary>Distinguishes a message from others that are stored for the same ref.</summary>
    public static UInt128 Digest(string room, ChatMessage message) =>
        Digest(room, [0, (byte)message.Type, (byte)((int)message.Audience | (message.IsJson ? Json : 0))], message.Data);

    /// <summary>Distinguishes a change from messages and other changes that are stored for the same ref.</summary>
    public static UInt128 Digest(string room, MessageChange change) =>
        Digest(
            room,
            [
                1,
                (byte)change.Type,
                (byte)((change.IsDeletion ? 1 : 0) | (change.IsJson ? Json : 0)),
                .. Encoding.UTF8.GetBytes($"{change.Position}\n"),
            ],
            change.Data);

    private static UInt128 Digest(string room, ReadOnlySpan<byte> kind, ReadOnlyMemory<byte> data)
    {
        var size = Encoding.UTF8.GetByteCount(room) + kind.Length + data.Length;
        var all = ArrayPool<byte>.Shared.Rent(size);
        var length = Encoding.UTF8.GetBytes(room, all);
        kind.CopyTo(all.AsSpan(length));
        data.Span.CopyTo(all.AsSpan(length + kind.Length));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(all.AsSpan(0, size), hash);
        ArrayPool<byte>.Shared.Return(all);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
