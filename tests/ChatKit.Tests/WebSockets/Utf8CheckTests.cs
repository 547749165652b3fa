using ChatKit.WebSockets;

namespace ChatKit.Tests.WebSockets;

public class Utf8CheckTests
{
    /// <summary>Each edge of what may stand somewhere in a character (RFC 3629 section 4), and a byte on either side of it.</summary>
    private static readonly byte[] Edges =
    [
        0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4,
        0xF5, 0xFF,
    ];

    private static readonly byte[][] Samples =
    [
        [], .. new[] { "Hello", "é", "漢", "💬", "κόσμε grüße 漢字 💬!", "\uFEFF\uFFFF\U0010FFFF\0" }.Select(System.Text.Encoding.UTF8.GetBytes),
        [0x61, 0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x92, 0xC3, 0xA9], [0xC3, 0xA9, 0xA9], [0x61, 0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
    ];

    [Fact]
    public void Every_short_text_is_validated_as_by_a_naive_decoder()
    {
        foreach (var text in Texts(length: 3))
        {
            Assert.Equal(Judge(text) == Verdict.Right, Utf8Check.IsValid(text, isLast: true, out _));
            Assert.Equal(Judge(text) != Verdict.Wrong, Utf8Check.IsValid(text, isLast: false, out _));
        }
    }

    [Fact]
    public void Every_four_byte_character_is_validated_as_by_a_naive_decoder()
    {
        foreach (var end in Texts(length: 3))
        {
            foreach (var start in (byte[])[0xF0, 0xF1, 0xF4])
            {
                byte[] text = [start, .. end];
                Assert.Equal(Judge(text) == Verdict.Right, Utf8Check.IsValid(text, isLast: true, out _));
                Assert.Equal(Judge(text) != Verdict.Wrong, Utf8Check.IsValid(text, isLast: false, out _));
            }
        }
    }

    [Fact]
    public void Validation_in_three_pieces_equals_validation_at_once()
    {
        foreach (var text in Samples)
        {
            for (var first = 0; first <= text.Length; first++)
            {
                for (var second = first; second <= text.Length; second++)
                    Assert.Equal(Judge(text) == Verdict.Right, IsValid(text, first, second, text.Length));
            }
        }
    }

    [Fact]
    public void Only_an_incomplete_character_is_left_for_the_next_piece()
    {
        var text = "aé漢💬"u8.ToArray();
        int[] begins = [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10];

        for (var length = 0; length <= text.Length; length++)
        {
            Assert.True(Utf8Check.IsValid(text.AsSpan(0, length), isLast: false, out var done));
            Assert.Equal(length == 0 ? 0 : begins[length], done);
        }
    }

    /// <summary>Checks piece by piece, each with what the one before it has left.</summary>
    private static bool IsValid(byte[] text, params int[] ends)
    {
        var begin = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            if (!Utf8Check.IsValid(text.AsSpan(begin, ends[i] - begin), isLast: i == ends.Length - 1, out var done))
                return false;
            begin += done;
        }

        return true;
    }

    private static IEnumerable<byte[]> Texts(int length) =>
        length == 0 ? [[]] : Texts(length - 1).SelectMany(static text => Edges, static (text, edge) => (byte[])[.. text, edge]);

    /// <summary>Reads character by character, each byte within the limits of the table in RFC 3629 section 4.</summary>
    private static Verdict Judge(byte[] text)
    {
        var i = 0;
        while (i < text.Length)
        {
            var (length, low, high) = text[i] switch
            {
                <= 0x7F => (1, 0, 0),
                >= 0xC2 and <= 0xDF => (2, 0x80, 0xBF),
                0xE0 => (3, 0xA0, 0xBF),
                0xED => (3, 0x80, 0x9F),
                >= 0xE1 and <= 0xEF => (3, 0x80, 0xBF),
                0xF0 => (4, 0x90, 0xBF),
                0xF4 => (4, 0x80, 0x8F),
                >= 0xF1 and <= 0xF3 => (4, 0x80, 0xBF),
                _ => (0, 0, 0),
            };
            if (length == 0)
                return Verdict.Wrong;
            for (var end = i++ + length; i < end; i++)
            {
                if (i == text.Length)
                    return Verdict.Begun;
                if (text[i] < low || text[i] > high)
                    return Verdict.Wrong;
                (low, high) = (0x80, 0xBF);
            }
        }

        return Verdict.Right;
    }

    private enum Verdict
    {
        Right,
        Begun,
        Wrong,
    }
}
