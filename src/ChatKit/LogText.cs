using System.Globalization;
using System.Text;

namespace ChatKit;

/// <summary>
/// A text that somebody else has chosen, on its way into a log or an error text. It prints as one line: what could fake a line, steer a
/// terminal or turn the order of what follows is escaped, such as <c>\u000A</c>, and what is longer than 1,000 characters is cut. A string
/// becomes one by itself, so it is enough to declare the parameters of a <c>[LoggerMessage]</c> method with this type. Nothing is done
/// before the line is written, hence nothing if its level is off.
/// </summary>
/// <param name="text">The text; null prints as nothing.</param>
public readonly struct LogText(string? text)
{
    /// <summary>More than a name, an origin or a close reason has; enough for what a library says of a failure.</summary>
    private const int MaxLength = 1000;

    /// <summary>Wraps a text.</summary>
    /// <param name="text">The text.</param>
    public static implicit operator LogText(string? text) => new(text);

    /// <summary>The text as one harmless line.</summary>
    public override string ToString()
    {
        if (text is null)
            return "";
        return text.Length <= MaxLength && LengthAsIs(text) == text.Length ? text : Escape(text);
    }

    /// <summary>How many characters from the beginning on may stay: those before a control or bidi control character, or half a surrogate pair.</summary>
    internal static int LengthAsIs(ReadOnlySpan<char> text)
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

    /// <summary>Control characters (Cc), line and paragraph separators, and what has the Unicode property Bidi_Control.</summary>
    private static bool IsUnprintable(char c) =>
        char.IsControl(c)
        || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private static string Escape(string text)
    {
        var rest = text.AsSpan(0, Math.Min(text.Length, MaxLength));
        var escaped = new StringBuilder(rest.Length + 16);
        while (!rest.IsEmpty)
        {
            var asIs = LengthAsIs(rest);
            escaped.Append(rest[..asIs]);
            rest = rest[asIs..];
            if (rest.IsEmpty)
                break;
            escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)rest[0]:X4}");
            rest = rest[1..];
        }

        return (text.Length > MaxLength ? escaped.Append('…') : escaped).ToString();
    }
}
