namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>Valid and invalid UTF-8 (RFC 3629), by name.</summary>
internal static class Utf8Cases
{
    public static IReadOnlyDictionary<string, string> Valid { get; } = new Dictionary<string, string>
    {
        ["ASCII"] = "Hello",
        ["NUL"] = "a\0b",
        ["byte order mark"] = "\uFEFFtext",
        ["smallest of 2 bytes"] = "\u0080",
        ["largest of 2 bytes"] = "\u07FF",
        ["smallest of 3 bytes"] = "\u0800",
        ["last before the surrogates"] = "\uD7FF",
        ["first after the surrogates"] = "\uE000",
        ["largest of 3 bytes, a noncharacter"] = "\uFFFF",
        ["noncharacters of the basic plane"] = "\uFFFE\uFDD0\uFDEF",
        ["replacement character"] = "\uFFFD",
        ["smallest of 4 bytes"] = "\U00010000",
        ["noncharacters of other planes"] = "\U0001FFFE\U0001FFFF\U000FFFFF",
        ["largest of all"] = "\U0010FFFF",
        ["mixed"] = "κόσμε grüße 漢字 💬!",
    };

    /// <summary>Text that is invalid at its last byte or earlier, regardless of what follows.</summary>
    public static IReadOnlyDictionary<string, byte[]> Invalid { get; } = new Dictionary<string, byte[]>
    {
        ["lone continuation, first"] = [0x80],
        ["lone continuation, last"] = [0xBF],
        ["one continuation too many"] = [0xC3, 0xA9, 0xA9],
        ["overlong in 2 bytes, smallest"] = [0xC0, 0x80],
        ["overlong in 2 bytes, largest"] = [0xC1, 0xBF],
        ["overlong in 2 bytes, the first of them"] = [0xC0],
        ["overlong in 3 bytes, smallest"] = [0xE0, 0x80, 0x80],
        ["overlong in 3 bytes, largest"] = [0xE0, 0x9F, 0xBF],
        ["overlong in 3 bytes, the first two"] = [0xE0, 0x9F],
        ["overlong in 4 bytes, smallest"] = [0xF0, 0x80, 0x80, 0x80],
        ["overlong in 4 bytes, largest"] = [0xF0, 0x8F, 0xBF, 0xBF],
        ["overlong in 4 bytes, the first two"] = [0xF0, 0x8F],
        ["surrogate, first"] = [0xED, 0xA0, 0x80],
        ["surrogate, last"] = [0xED, 0xBF, 0xBF],
        ["surrogate, the first two bytes"] = [0xED, 0xA0],
        ["pair of surrogates"] = [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80],
        ["above U+10FFFF"] = [0xF4, 0x90, 0x80, 0x80],
        ["above U+10FFFF, the first two bytes"] = [0xF4, 0x90],
        ["above U+10FFFF, another first byte"] = [0xF5],
        ["5 bytes"] = [0xF8, 0x88, 0x80, 0x80, 0x80],
        ["6 bytes"] = [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80],
        ["largest of 4 bytes, of 21 bits"] = [0xF7, 0xBF, 0xBF, 0xBF],
        ["largest of 5 bytes"] = [0xFB, 0xBF, 0xBF, 0xBF, 0xBF],
        ["largest of 6 bytes"] = [0xFD, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF],
        ["overlong in 5 bytes"] = [0xF8, 0x80, 0x80, 0x80, 0xAF],
        ["overlong in 6 bytes"] = [0xFC, 0x80, 0x80, 0x80, 0x80, 0xAF],
        ["every continuation"] = [.. Enumerable.Range(0x80, 64).Select(static b => (byte)b)],
        ["every first byte of 2, each with a space behind it"] = FirstBytes(0xC0, 32),
        ["every first byte of 3, each with a space behind it"] = FirstBytes(0xE0, 16),
        ["every first byte of 4, each with a space behind it"] = FirstBytes(0xF0, 8),
        ["every torn character, one behind the other"] = [0xC3, 0xE2, 0x82, 0xF0, 0x9F, 0x92],
        ["last high surrogate for common use"] = [0xED, 0xAD, 0xBF],
        ["first high surrogate for private use"] = [0xED, 0xAE, 0x80],
        ["last high surrogate"] = [0xED, 0xAF, 0xBF],
        ["first low surrogate"] = [0xED, 0xB0, 0x80],
        ["first pair of surrogates"] = [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80],
        ["last pair of surrogates"] = [0xED, 0xAF, 0xBF, 0xED, 0xBF, 0xBF],
        ["byte order mark of UTF-16"] = [0xFF, 0xFE],
        ["0xFE"] = [0xFE],
        ["0xFF"] = [0xFF],
        ["1 of 2 bytes, then another character"] = [0xC3, 0x28],
        ["2 of 3 bytes, then another character"] = [0xE2, 0x82, 0x41],
        ["3 of 4 bytes, then another character"] = [0xF0, 0x9F, 0x92, 0xC3, 0xA9],
    };

    /// <summary>Text that is invalid only because it ends there.</summary>
    public static IReadOnlyDictionary<string, byte[]> Truncated { get; } = new Dictionary<string, byte[]>
    {
        ["1 of 2 bytes"] = [0xC3],
        ["1 of 3 bytes"] = [0xE2],
        ["2 of 3 bytes"] = [0xE2, 0x82],
        ["1 of 4 bytes"] = [0xF0],
        ["2 of 4 bytes"] = [0xF0, 0x9F],
        ["3 of 4 bytes"] = [0xF0, 0x9F, 0x92],
        ["3 of the 4 bytes of U+10FFFF"] = [0xF4, 0x8F, 0xBF],
    };

    private static byte[] FirstBytes(byte first, int count) =>
        [.. Enumerable.Range(first, count).SelectMany(static b => (byte[])[(byte)b, (byte)' '])];
}
