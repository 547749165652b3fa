using ChatKit.TestKit.ForAll;
using FsCheck;

namespace ChatKit.Tests;

public class MessagePositionPropertyTests
{
    [ForAll]
    public void A_position_survives_formatting_and_parsing(AnyText epoch, PositiveInt sequence)
    {
        var position = Position(epoch, sequence.Get);

        Assert.True(MessagePosition.TryParse(position.ToString(), out var read));

        Assert.Equal(position, read);
        Assert.Equal(position.GetHashCode(), read.GetHashCode());
    }

    [ForAll]
    public void Any_text_is_rejected_or_parsed_to_a_position_that_survives_formatting(AnyText text)
    {
        foreach (var candidate in new[] { text.Value, $"e:{text.Value}", $"e:1{text.Value}", $"{text.Value}:1" })
        {
            if (!MessagePosition.TryParse(candidate, out var position))
            {
                Assert.Equal(MessagePosition.None, position);
                continue;
            }

            Assert.Equal(position, MessagePosition.Parse(position.ToString()));
            Assert.True(position.Sequence >= 0);
            Assert.All(candidate[(candidate.LastIndexOf(':') + 1)..], static c => Assert.True(char.IsAsciiDigit(c)));
        }
    }

    [ForAll]
    public void Only_the_next_position_follows(bool sameEpoch, NonNegativeInt one, NonNegativeInt two)
    {
        var (a, b) = Pair(sameEpoch, one.Get, two.Get);

        Assert.Equal(b.Sequence == a.Sequence + 1 && b.IsOfStream(a), b.Follows(a));
        Assert.False(a.Follows(a));
        Assert.False(a.Follows(b) && b.Follows(a));
        Assert.False(b.Follows(a) && b.IsAtOrBefore(a));
        if (one.Get > 0)
            Assert.True((a with { Sequence = one.Get + 1 }).Follows(a));
    }

    [ForAll]
    public void IsOfStream_is_symmetric(bool sameEpoch, NonNegativeInt one, NonNegativeInt two)
    {
        var (a, b) = Pair(sameEpoch, one.Get, two.Get);

        Assert.True(a.IsOfStream(a));
        Assert.Equal(a.IsOfStream(b), b.IsOfStream(a));
        Assert.True(a.IsOfStream(MessagePosition.None));
    }

    [ForAll]
    public void IsAtOrBefore_is_a_partial_order(bool sameEpoch, NonNegativeInt one, NonNegativeInt two, NonNegativeInt three)
    {
        var (a, b) = Pair(sameEpoch, one.Get, two.Get);
        var c = three.Get == 0 ? MessagePosition.None : new MessagePosition("e", three.Get);

        Assert.True(a.IsAtOrBefore(a));
        Assert.True(MessagePosition.None.IsAtOrBefore(a));
        Assert.True(!a.IsAtOrBefore(b) || !b.IsAtOrBefore(a) || a == b);
        Assert.True(!a.IsAtOrBefore(b) || !b.IsAtOrBefore(c) || a.IsAtOrBefore(c));
        Assert.True(a.IsAtOrBefore(b) || b.IsAtOrBefore(a) || !sameEpoch);
    }

    private static MessagePosition Position(AnyText epoch, long sequence) => new("e" + epoch.Value, sequence);

    private static (MessagePosition A, MessagePosition B) Pair(bool sameEpoch, int one, int two) => (
        one == 0 ? MessagePosition.None : new MessagePosition("e", one),
        two == 0 ? MessagePosition.None : new MessagePosition(sameEpoch ? "e" : "f", two));
}
