using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace ChatKit.History;

/// <summary>The keys under which a history knows a message. Those of a user, and those of the application, never collide.</summary>
internal static class IdempotencyKey
{
    /// <summary>Half of a SHA-256: nobody finds two messages with the same 128 bits by chance.</summary>
    private const int DigestLength = 16;

    /// <summary>The user is part of the key, so that nobody can claim what another has sent.</summary>
    public static string OfUser(string? user, string reference, string digest, int count) =>
        $"{user?.Length ?? 0}:{user}:{reference}:{digest}:{count}";

    /// <summary>Begins with a letter, as no key of a user does.</summary>
    public static string OfApplication(string key) => $"app:{key}";

    /// <summary>What tells a message from others that the same handling stores.</summary>
    public static string Digest(string room, ChatMessage message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(room));
        hash.AppendData([0, (byte)message.Type, (byte)message.Audience]);
        hash.AppendData(message.Data.Span);
        return Base64Url.EncodeToString(hash.GetHashAndReset().AsSpan(0, DigestLength));
    }
}
