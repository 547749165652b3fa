using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace ChatKit.WebSockets;

/// <summary>Validates text that arrives in parts (RFC 6455 section 8.1). It fails at the first invalid byte.</summary>
internal static class Utf8Check
{
    private const int MaxCharacterLength = 4;

    /// <param name="text">The text that has arrived and is not yet validated.</param>
    /// <param name="isLast">Whether this is the last part.</param>
    /// <param name="done">The number of validated bytes: all, except an incomplete character at the end.</param>
    /// <returns>False if the text is invalid UTF-8, regardless of what follows.</returns>
    public static bool IsValid(ReadOnlySpan<byte> text, bool isLast, out int done)
    {
        done = isLast ? text.Length : text.Length - IncompleteLength(text);
        return Utf8.IsValid(text[..done])
            && (done == text.Length || Rune.DecodeFromUtf8(text[done..], out _, out _) == OperationStatus.NeedMoreData);
    }

    /// <summary>Returns the length of an incomplete character at the end; 0 if there is none.</summary>
    private static int IncompleteLength(ReadOnlySpan<byte> text)
    {
        for (var length = 1; length < MaxCharacterLength && length <= text.Length; length++)
        {
            var start = text[^length];
            if ((start & 0xC0) == 0x80)
                continue;
            var expected = start switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 };
            return length < expected ? length : 0;
        }

        return 0;
    }
}
