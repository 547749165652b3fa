using System.Net.WebSockets;
using ChatKit.Rooms;
using ChatKit.Rooms.Events;

namespace ChatKit.Tests.Rooms;

public class StreamCursorTests
{
    [Theory]
    [InlineData("e", 4, Arrival.Next)]
    [InlineData("e", 3, Arrival.Duplicate)]
    [InlineData("e", 1, Arrival.Duplicate)]
    [InlineData("e", 6, Arrival.AfterGap)]
    [InlineData("f", 1, Arrival.OfAnotherStream)]
    [InlineData("f", 4, Arrival.OfAnotherStream)]
    public void A_message_is_classified_by_its_position(string epoch, int sequence, object expected)
    {
        Assert.Equal(expected, At(3).Judge(new MessagePosition(epoch, sequence)));
    }

    [Fact]
    public void The_first_message_and_every_ephemeral_message_are_next()
    {
        Assert.Equal(Arrival.Next, new StreamCursor().Judge(new MessagePosition("e", 7)));
        Assert.Equal(Arrival.Next, At(3).Judge(null));
    }

    [Fact]
    public void The_gap_before_a_message_has_the_missing_range()
    {
        Assert.Equal(new MessageGap(new("e", 3), new("e", 6), 2), At(3).GapBefore(new MessagePosition("e", 6)));
    }

    [Fact]
    public void A_cursor_is_behind_until_the_announced_position_is_accepted()
    {
        var cursor = At(3);
        Assert.False(cursor.IsBehind);

        cursor.Announce(new MessagePosition("e", 5));
        cursor.Accept(new MessagePosition("e", 4));
        Assert.True(cursor.IsBehind);

        cursor.Accept(new MessagePosition("e", 5));
        Assert.False(cursor.IsBehind);
    }

    [Fact]
    public void A_page_that_continues_the_stream_changes_nothing()
    {
        var cursor = At(3);

        Assert.Equal(PageEffect.None, cursor.MoveTo(Page("e", 4, 5)));
        Assert.Equal(new MessagePosition("e", 3), cursor.Accepted);
    }

    [Fact]
    public void A_page_that_begins_later_leaves_a_gap()
    {
        var cursor = At(3);

        var effect = cursor.MoveTo(Page("e", 6, 7) with { Missed = 2 });

        Assert.Equal(new PageEffect(PageChange.Jumped, new MessageGap(new("e", 3), new("e", 6), 2)), effect);
        Assert.Equal(new MessagePosition("e", 5), cursor.Accepted);
    }

    [Fact]
    public void A_page_whose_missing_messages_were_accepted_leaves_no_gap()
    {
        Assert.Equal(PageEffect.None, At(5).MoveTo(Page("e", 6, 7) with { Missed = 2 }));
    }

    [Fact]
    public void A_stream_that_has_restarted_leaves_a_gap_of_unknown_size()
    {
        var cursor = At(3);

        var effect = cursor.MoveTo(Page("f", 1, 2) with { Restarted = true });

        Assert.Equal(new PageEffect(PageChange.Jumped, new MessageGap(new("e", 3), new("f", 1), null)), effect);
        Assert.Equal(new MessagePosition("f", 0), cursor.Accepted);
    }

    [Fact]
    public void A_stream_that_lost_its_newest_messages_is_rewound()
    {
        var cursor = At(5);

        var effect = cursor.MoveTo(Page("e", 1, 3) with { Restarted = true });

        Assert.Equal(new PageEffect(PageChange.Rewound, new MessageGap(new("e", 5), null, null)), effect);
        Assert.Equal(new MessagePosition("e", 3), cursor.Accepted);
    }

    [Fact]
    public void A_stream_that_continues_with_another_epoch_keeps_its_sequence()
    {
        var cursor = At(3);

        Assert.Equal(PageChange.Renamed, cursor.MoveTo(Page("f", 4, 5)).Change);
        Assert.Equal(new MessagePosition("f", 3), cursor.Accepted);
    }

    private static StreamCursor At(int sequence)
    {
        var cursor = new StreamCursor();
        cursor.StartAt(new MessagePosition("e", sequence), 0);
        return cursor;
    }

    private static HistoryPage Page(string epoch, int first, int last) => new(
        [.. Enumerable.Range(first, last - first + 1).Select(i => new ChatMessage(WebSocketMessageType.Text, "x"u8.ToArray(), default)
        {
            Position = new MessagePosition(epoch, i),
        })],
        new MessagePosition(epoch, last),
        Missed: 0,
        Restarted: false);
}
