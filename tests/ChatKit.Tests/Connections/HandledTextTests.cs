using System.Text;
using ChatKit.Connections;

namespace ChatKit.Tests.Connections;

public class HandledTextTests
{
    [Theory]
    [InlineData("hi")]
    [InlineData("é 💬")]
    [InlineData("a\0b")]
    public void The_bytes_of_the_text_that_is_being_handled_are_found(string text)
    {
        var bytes = Encoding.UTF8.GetBytes($"{{{text}}}").AsMemory(1..^1);
        var handled = default(HandledText);
        handled.Set(bytes);

        Assert.True(handled.Find(text).Equals(bytes));
    }

    [Fact]
    public void A_long_text_is_found_if_it_is_ASCII_and_else_encoded_again()
    {
        Assert.Equal(5000, Find(new string('a', 5000), new string('a', 5000)).Length);
        Assert.Equal(0, Find(new string('é', 5000), new string('é', 5000)).Length);
    }

    [Theory]
    [InlineData("hi", "ho")]
    [InlineData("hi", "hi!")]
    [InlineData("hi!", "hi")]
    [InlineData("é", "e")]
    [InlineData("é", "ab")]
    [InlineData("éa", "abc")]
    [InlineData("", "")]
    [InlineData("\ufffd", "?")]
    public void Another_text_is_not_found(string handled, string text) => Assert.Equal(0, Find(handled, text).Length);

    [Fact]
    public void Nothing_is_found_when_nothing_is_being_handled()
    {
        var handled = default(HandledText);
        Assert.Equal(0, handled.Find("hi").Length);
        handled.Set("hi"u8.ToArray());
        handled.Set(default);
        Assert.Equal(0, handled.Find("hi").Length);
    }

    private static ReadOnlyMemory<byte> Find(string handled, string text)
    {
        var it = default(HandledText);
        it.Set(Encoding.UTF8.GetBytes(handled));
        return it.Find(text);
    }
}
