using System.Globalization;

namespace ChatKit.TestKit.Verification;

/// <summary>
/// The texts of edited messages. Each starts with the original text, which identifies the message, and ends with the number of the edit, which
/// increases with each edit of a sender.
/// </summary>
public static class Edits
{
    private const string Suffix = "\u001fedit:";

    /// <summary>The new text of a message.</summary>
    public static string Apply(string original, int number) => $"{original}{Suffix}{number}";

    /// <summary>Splits a text into the original one and the number of the last edit; 0 if it was not edited.</summary>
    public static (string Original, int Number) Split(string text)
    {
        var end = text.LastIndexOf(Suffix, StringComparison.Ordinal);
        return end < 0 ? (text, 0) : (text[..end], int.Parse(text.AsSpan(end + Suffix.Length), CultureInfo.InvariantCulture));
    }
}
