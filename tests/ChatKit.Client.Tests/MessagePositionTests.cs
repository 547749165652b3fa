namespace ChatKit.Client.Tests;

public class MessagePositionTests
{
    [Theory]
    [InlineData("5k2j9:42")]
    [InlineData("a:b:7")]
    [InlineData(":0")]
    public void A_position_is_written_as_it_was_read(string text) => Assert.Equal(text, MessagePosition.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("x:")]
    [InlineData("x:-1")]
    [InlineData(":1")]
    [InlineData("x:1\0")]
    [InlineData("x:99999999999999999999")]
    public void What_is_no_position_is_refused(string text)
    {
        Assert.False(MessagePosition.TryParse(text, out _));
        Assert.Throws<FormatException>(() => MessagePosition.Parse(text));
    }

    [Fact]
    public void Positions_of_one_epoch_can_be_compared()
    {
        var (four, five, other) = (MessagePosition.Parse("e:4"), MessagePosition.Parse("e:5"), MessagePosition.Parse("f:4"));

        Assert.True(four.TryCompareTo(five, out var result) && result < 0);
        Assert.True(five.TryCompareTo(four, out result) && result > 0);
        Assert.True(four.TryCompareTo(MessagePosition.Parse("e:4"), out result) && result == 0);
        Assert.False(four.TryCompareTo(other, out _));
        Assert.Equal(default, MessagePosition.Parse(":0"));
        Assert.NotEqual(four, other);
    }
}
