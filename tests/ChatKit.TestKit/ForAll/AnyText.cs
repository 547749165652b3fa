using System.Text;

namespace ChatKit.TestKit.ForAll;

/// <summary>Any string, including halves of surrogate pairs, control characters, and characters with a meaning in some format.</summary>
public sealed record AnyText(string Value)
{
    /// <summary>The text after a round trip through UTF-8, which replaces invalid Unicode with U+FFFD.</summary>
    public string Unicode => Encoding.UTF8.GetString(Utf8);

    public byte[] Utf8 => Encoding.UTF8.GetBytes(Value);

    /// <summary>Returns the text in readable form.</summary>
    public override string ToString() =>
        $"\"{string.Concat(Value.Select(static c => c is >= ' ' and <= '~' ? c.ToString() : $"\\u{(int)c:x4}"))}\"";
}
