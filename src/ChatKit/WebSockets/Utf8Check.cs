using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace ChatKit.WebSockets;

/// <summary>Checks a text that comes in pieces (RFC 6455 section 8.1), and says so at the first byte that cannot be right.</summary>
internal static class Utf8Check
{
    private const int LongestCharacter = 4;

    /// <param name="text">What has come so far and was not checked before.</param>
    /// <param name="isLast">Whether nothing follows.</param>
    /// <param name="done">How many bytes are right: all, or all but the beginning of a character whose rest is yet to come.</param>
    /// <returns>False if the text is not UTF-8, whatever follows.</returns>
    public static bool IsValid(ReadOnlySpan<byte> text, bool isLast, out int done)
    {
        done = isLast ? text.Length : text.Length - BegunLength(text);
        return Utf8.IsValid(text[..done])
            && (done == text.Length || Rune.DecodeFromUtf8(text[done..], out _, out _) == OperationStatus.NeedMoreData);
    }

    /// <summary>The length of the character at the end, if it is not whole.</summary>
    private static int BegunLength(ReadOnlySpan<byte> text)
    {
        for (var length = 1; length < LongestCharacter && length <= text.Length; length++)
        {
            var start = text[^length];
            if ((start & 0xC0) == 0x80)
                continue;
            var whole = start switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 };
            return length < whole ? length : 0;
        }

        return 0;
    }
}
