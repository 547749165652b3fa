namespace ChatKit.Tests;

public class MessagePositionTests
{
    [Theory]
    [InlineData("5k2j9:42", "5k2j9", 42)]
    [InlineData("a:b:7", "a:b", 7)]
    [InlineData(":0", "", 0)]
    public void A_position_survives_parsing_and_formatting(string text, string epoch, long sequence)
    {
        var position = MessagePosition.Parse(text);

        Assert.Equal(new MessagePosition(epoch, sequence), position);
        Assert.Equal(text, position.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("a:")]
    [InlineData(":1")]
    [InlineData("a:0")]
    [InlineData("a:-1")]
    [InlineData("a: 1")]
    [InlineData("a:1\0")]
    [InlineData("a:9223372036854775808")]
    public void An_invalid_position_is_rejected(string? text)
    {
        Assert.False(MessagePosition.TryParse(text, out var position));
        Assert.Equal(MessagePosition.None, position);
    }

    [Fact]
    public void Parse_throws_with_the_expected_format_in_the_message() =>
        Assert.Contains("epoch:sequence", Assert.Throws<FormatException>(() => MessagePosition.Parse("nonsense")).Message);

    [Fact]
    public void An_empty_epoch_and_sequence_0_are_None() => Assert.Equal(MessagePosition.None, new MessagePosition("", 0));
}
