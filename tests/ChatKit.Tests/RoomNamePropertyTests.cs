using System.Globalization;
using ChatKit.TestKit.ForAll;

namespace ChatKit.Tests;

public class RoomNamePropertyTests
{
    /// <summary>What Unicode lists as Bidi_Control.</summary>
    private const string BidiControls = "\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069";

    [ForAll]
    public void A_name_is_valid_exactly_as_documented(AnyText text)
    {
        foreach (var name in new[] { text.Value, text.Unicode, string.Concat(text.Value.Where(IsPrintable)) })
        {
            var right = name.Length is > 0 and <= RoomName.MaxLength && name.All(IsPrintable) && name == new AnyText(name).Unicode;

            Assert.Equal(right, RoomName.IsValid(name, out var problem));

            Assert.Equal(right, problem is null);
        }
    }

    /// <summary>Through addresses, UTF-8 in the store, and UTF-8 in frames.</summary>
    [ForAll]
    public void A_name_survives_url_encoding_and_utf8(AnyText text)
    {
        if (!RoomName.IsValid(text.Value, out _))
            return;

        Assert.Equal(text.Value, text.Unicode);
        Assert.Equal(text.Value, Uri.UnescapeDataString(Uri.EscapeDataString(text.Value)));
    }

    /// <summary>Whatever it is, and with what cannot stand in a name escaped.</summary>
    [ForAll]
    public void A_log_text_is_one_line(AnyText text)
    {
        var line = new LogText(text.Value).ToString();

        Assert.Equal(line, new AnyText(line).Unicode);
        Assert.All(line, static c => Assert.True(IsPrintable(c)));
        Assert.True(!RoomName.IsValid(text.Value, out _) || line == text.Value);
    }

    [ForAll]
    public void No_valid_name_is_the_room_of_a_user(AnyText user) => Assert.False(RoomName.IsValid(RoomName.OfUser(user.Value), out _));

    private static bool IsPrintable(char c) =>
        char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        && !BidiControls.Contains(c, StringComparison.Ordinal);
}
