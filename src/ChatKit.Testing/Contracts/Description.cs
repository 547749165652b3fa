using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace ChatKit.Testing.Contracts;

/// <summary>Writes values into the texts of failures.</summary>
internal static class Description
{
    private const int LongestText = 100;

    /// <summary>How many items are shown before and after the one that differs.</summary>
    private const int Nearby = 5;

    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => Quote(text),
        ITuple tuple => $"({string.Join(", ", Enumerable.Range(0, tuple.Length).Select(i => Of(tuple[i])))})",
        ReadOnlyMemory<byte> bytes => $"{bytes.Length} bytes",
        byte[] bytes => $"{bytes.Length} bytes",
        IEnumerable items => OfItems([.. items.Cast<object?>()]),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>Writes the items around an index.</summary>
    public static string OfItems<T>(IReadOnlyList<T> items, int index = 0)
    {
        var first = Math.Max(0, index - Nearby);
        var shown = items.Skip(first).Take(2 * Nearby).Select(static item => Of(item)).ToList();
        return $"[{(first > 0 ? "…, " : "")}{string.Join(", ", shown)}{(first + shown.Count < items.Count ? ", …" : "")}] ({items.Count})";
    }

    private static string Quote(string text) => text.Length > LongestText ? $"\"{text[..LongestText]}…\"" : $"\"{text}\"";
}
