using System.Text;

namespace ChatKit.TestKit.ForAll;

/// <summary>Whatever a string can hold: halves of surrogate pairs, controls, and what means something to some format.</summary>
public sealed record AnyText(string Value)
{
    /// <summary>The text as it is once it has gone through UTF-8: where it is no Unicode it has U+FFFD.</summary>
    public string Unicode => Encoding.UTF8.GetString(Utf8);

    public byte[] Utf8 => Encoding.UTF8.GetBytes(Value);

    /// <summary>Legible, whatever is in it.</summary>
    public override string ToString() =>
        $"\"{string.Concat(Value.Select(static c => c is >= ' ' and <= '~' ? c.ToString() : $"\\u{(int)c:x4}"))}\"";
}
