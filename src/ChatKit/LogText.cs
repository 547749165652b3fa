using System.Globalization;
using System.Text;

namespace ChatKit;

/// <summary>
/// Text from an untrusted source, to be written to a log or an error message. It prints as one line: characters that could fake a line,
/// control a terminal or change the order of what follows are escaped, such as <c>\u000A</c>, and text beyond 1,000 characters is cut off.
/// A string converts implicitly, so it's enough to declare the parameters of a <c>[LoggerMessage]</c> method with this type. The text is
/// escaped only when the line is written. If the log level is off, it costs nothing.
/// </summary>
/// <param name="text">The text; null prints as an empty string.</param>
public readonly struct LogText(string? text)
{
    /// <summary>Longer than a name, an origin or a close reason, and enough for the error message of a library.</summary>
    private const int MaxLength = 1000;

    /// <summary>Wraps a text.</summary>
    /// <param name="text">The text.</param>
    public static implicit operator LogText(string? text) => new(text);

    /// <summary>Returns the text as one line that is safe to print.</summary>
    public override string ToString()
    {
        if (text is null)
            return "";
        return text.Length <= MaxLength && PrintableLength(text) == text.Length ? text : Escape(text);
    }

    /// <summary>
    /// Returns how many characters at the start need no escaping: those before the first control character, bidi control or unpaired
    /// surrogate.
    /// </summary>
    internal static int PrintableLength(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (IsUnprintable(text[i]))
                return i;
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return i;
            i++;
        }

        return text.Length;
    }

    /// <summary>Control characters (Cc), line and paragraph separators, and characters with the Unicode property Bidi_Control.</summary>
    private static bool IsUnprintable(char c) =>
        char.IsControl(c)
        || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private static string Escape(string text)
    {
        var rest = text.AsSpan(0, Math.Min(text.Length, MaxLength));
        var escaped = new StringBuilder(rest.Length + 16);
        while (!rest.IsEmpty)
        {
            var printable = PrintableLength(rest);
            escaped.Append(rest[..printable]);
            rest = rest[printable..];
            if (rest.IsEmpty)
                break;
            escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)rest[0]:X4}");
            rest = rest[1..];
        }

        return (text.Length > MaxLength ? escaped.Append('…') : escaped).ToString();
    }
}
