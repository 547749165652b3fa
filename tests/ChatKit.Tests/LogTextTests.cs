using System.Reflection;
using Microsoft.Extensions.Logging;

namespace ChatKit.Tests;

public class LogTextTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("日本語 😀 עברית العربية %{a}", "日本語 😀 עברית العربية %{a}")]
    [InlineData("a\r\nb\tc", @"a\u000D\u000Ab\u0009c")]
    [InlineData("\u001b[2J\u007f\u0085", @"\u001B[2J\u007F\u0085")]
    [InlineData("a\u2028b\u2029", @"a\u2028b\u2029")]
    [InlineData("\u202a\u202b\u202c\u202d\u202e", @"\u202A\u202B\u202C\u202D\u202E")]
    [InlineData("\u2066\u2067\u2068\u2069", @"\u2066\u2067\u2068\u2069")]
    [InlineData("\u061c\u200e\u200f", @"\u061C\u200E\u200F")]
    public void Characters_that_could_break_a_line_are_escaped_and_the_others_are_unchanged(string? text, string printed) =>
        Assert.Equal(printed, new LogText(text).ToString());

    [Fact]
    public void Half_a_surrogate_pair_is_escaped()
    {
        Assert.Equal(@"\uD83D", new LogText("\ud83d").ToString());
        Assert.Equal(@"a\uDE00😀\uD83Db", new LogText("a\ude00😀\ud83db").ToString());
    }

    [Fact]
    public void A_long_text_is_truncated()
    {
        Assert.Equal(1000, new LogText(new string('x', 1000)).ToString().Length);
        Assert.Equal(new string('x', 1000) + "…", new LogText(new string('x', 5000)).ToString());
        Assert.Equal(new string('x', 999) + @"\uD83D…", new LogText(new string('x', 999) + "😀😀").ToString());
    }

    [Fact]
    public void A_text_without_special_characters_is_returned_without_allocating()
    {
        var text = "lobby 😀";
        Assert.Same(text, new LogText(text).ToString());
    }

    [Fact]
    public void Exactly_the_characters_of_valid_room_names_are_not_escaped()
    {
        for (var c = '\0'; c < char.MaxValue; c++)
        {
            var name = $"a{c}b";
            Assert.Equal(RoomName.IsValid(name, out _), new LogText(name).ToString() == name);
        }
    }

    /// <summary>So that a new line of the log cannot forget it.</summary>
    [Fact]
    public void Every_text_parameter_of_a_log_line_is_escaped()
    {
        var parameters = typeof(WebSocketHandler).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(static method => method.GetCustomAttribute<LoggerMessageAttribute>() is not null)
            .SelectMany(static method => method.GetParameters())
            .ToList();

        Assert.Contains(parameters, static parameter => parameter.ParameterType == typeof(LogText));
        Assert.DoesNotContain(parameters, static parameter => parameter.ParameterType == typeof(string));
    }
}
