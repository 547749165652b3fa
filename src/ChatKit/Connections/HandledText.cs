using System.Runtime.InteropServices;
using System.Text;

namespace ChatKit.Connections;

/// <summary>
/// The text that a handler is handling. A handler that broadcasts it does not encode it again. Tasks that the handler has started may look for
/// it while it changes: whatever bytes they find, only equal ones are used.
/// </summary>
internal struct HandledText
{
    /// <summary>Longer texts that are not ASCII are encoded again.</summary>
    private const int MaxCompared = 1024;

    private byte[]? _bytes;
    private int _start;
    private int _length;

    /// <summary>Sets the text, in UTF-8; empty for none.</summary>
    public void Set(ReadOnlyMemory<byte> text)
    {
        MemoryMarshal.TryGetArray(text, out var segment);
        (_bytes, _start, _length) = (segment.Array, segment.Offset, segment.Count);
    }

    /// <summary>The bytes of a text, if it is the one that is being handled; else empty.</summary>
    public readonly ReadOnlyMemory<byte> Find(string text)
    {
        var (bytes, start, length) = (_bytes, _start, _length);
        if (bytes is null || length == 0 || length < text.Length || start > bytes.Length - length)
            return default;
        var found = bytes.AsMemory(start, length);
        return Is(found.Span, text) ? found : default;
    }

    private static bool Is(ReadOnlySpan<byte> bytes, string text)
    {
        if (bytes.Length == text.Length)
            return Ascii.Equals(bytes, text);
        if (bytes.Length > MaxCompared || bytes.Length != Encoding.UTF8.GetByteCount(text))
            return false;
        Span<byte> encoded = stackalloc byte[MaxCompared];
        return bytes.SequenceEqual(encoded[..Encoding.UTF8.GetBytes(text, encoded)]);
    }
}
