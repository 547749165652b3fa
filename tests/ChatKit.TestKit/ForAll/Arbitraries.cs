using System.Diagnostics.CodeAnalysis;
using FsCheck;
using FsCheck.Fluent;

namespace ChatKit.TestKit.ForAll;

/// <summary>The generators of property tests, in addition to those of FsCheck.</summary>
[SuppressMessage("Design", "CA1024:Use properties where appropriate", Justification = "FsCheck looks for methods.")]
public static class Arbitraries
{
    private static readonly int[] Lengths = [0, 1, 2, 3, 4, 7, 8, 125, 126, 127, 255, 256, 257, 4095, 4096, 4097, 65_535, 65_536];

    private static readonly string[] Pieces =
    [
        "a", "room", "é", "漢", "💬", "\uFEFF", "\uFFFD", "\uFFFF", "\ud83d", "\ude00", "\0", "\n", "\u0001", "\u0085", "\u2028", "\u202E", " ", "~", ":",
        "\"", "\\", "/", "<", "{", "+", "%", "0", "1", "9223372036854775807",
    ];

    private static readonly string[] Names = ["type", "ref", "data", "base64", "json", "position", "Type", "more", "\\ud800", "\\u0074ype", ""];

    private static readonly string[] Scalars =
    [
        "null", "true", "1", "-1e999", "\"message\"", "\"pong\"", "\"read\"", "\"e:1\"", "\"\"", "\"a-1\"", "\"AAH/\"", "\"not base64\"",
        "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"漢\"",
    ];

    public static Arbitrary<AnyText> GetText()
    {
        var piece = Gen.Frequency(
            (3, Gen.Elements(Pieces)), (1, Gen.Choose(' ', '~').Select(Character)), (1, Gen.Choose(0, char.MaxValue).Select(Character)));
        return Arb.From(
            piece.ListOf().Select(static pieces => new AnyText(string.Concat(pieces))),
            static text => Shorter(text.Value.ToCharArray()).Select(static shorter => new AnyText(new string(shorter))));
    }

    public static Arbitrary<Payload> GetPayload()
    {
        var noise = Gen.Choose(0, byte.MaxValue).ListOf().Select(static bytes => bytes.Select(static b => (byte)b).ToArray());
        var pattern = from length in Gen.Elements(Lengths) from seed in Gen.Choose(0, byte.MaxValue) select Pattern(length, seed);
        return Arb.From(
            Gen.Frequency((3, noise), (1, pattern)).Select(static bytes => new Payload(bytes)),
            static payload => Shorter(payload.Bytes).Select(static shorter => new Payload(shorter)));
    }

    public static Arbitrary<JsonText> GetJson()
    {
        var whole = Gen.Sized(static size => Json(Math.Min(size, 20)));
        var spoilt = from json in whole
                     from at in Gen.Choose(0, json.Length)
                     from piece in Gen.Elements(Pieces)
                     from drop in Gen.Choose(0, 2)
                     select json[..at] + piece + json[Math.Min(json.Length, at + drop)..];
        return Arb.From(
            Gen.Frequency((3, whole), (1, spoilt)).Select(static json => new JsonText(json)),
            static json => Shorter(json.Value.ToCharArray()).Select(static shorter => new JsonText(new string(shorter))));
    }

    private static string Character(int code) => ((char)code).ToString();

    /// <summary>Bytes that repeat, so that they compress, but never within 32 bytes.</summary>
    private static byte[] Pattern(int length, int seed) =>
        [.. Enumerable.Range(0, length).Select(i => (byte)(seed + (i % 32 * 7) + (i / 1000)))];

    private static Gen<string> Json(int depth)
    {
        var scalar = Gen.Elements(Scalars);
        if (depth == 0)
            return scalar;
        var inner = Json(depth / 2);
        var member = from name in Gen.Elements(Names) from value in Gen.Frequency((3, scalar), (1, inner)) select $"\"{name}\":{value}";
        return Gen.Frequency(
            (1, scalar),
            (1, inner.ListOf(2).Select(static values => $"[{string.Join(",", values)}]")),
            (4, member.ListOf().Select(static members => $"{{{string.Join(", ", members)}}}")));
    }

    /// <summary>The first half, the second half, and, if there are few items, all but one of them.</summary>
    private static IEnumerable<T[]> Shorter<T>(T[] values)
    {
        if (values.Length == 0)
            yield break;
        yield return values[..(values.Length / 2)];
        yield return values[(values.Length / 2)..][..(values.Length / 2)];
        for (var i = 0; i < values.Length && values.Length <= 300; i++)
            yield return [.. values[..i], .. values[(i + 1)..]];
    }
}
