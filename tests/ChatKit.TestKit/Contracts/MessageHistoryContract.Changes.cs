using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace ChatKit.TestKit.Contracts;

/// <summary>Messages that are edited and deleted, and reading backwards.</summary>
public abstract partial class MessageHistoryContract
{
    [Fact]
    public async Task An_edited_message_keeps_its_position_its_sender_and_its_time()
    {
        var history = await CreateAsync();
        var at = new DateTimeOffset(2026, 11, 22, 18, 0, 0, TimeSpan.Zero);
        var sent = new ChatMessage(WebSocketMessageType.Text, "before"u8.ToArray(), at)
        {
            From = "ann",
            ConnectionId = "c1",
            Audience = Audience.Others,
        };
        await AppendAsync(history, "first");
        var (position, _) = await history.AppendAsync(_room, sent);
        await AppendAsync(history, "last");

        var result = await history.ChangeAsync(
            _room, new MessageChange { Position = position, Data = "after 日本"u8.ToArray(), At = at.AddMinutes(1), By = "bob" });

        var page = await history.ReadAsync(_room);
        Assert.Equal(["first", "after 日本", "last"], Texts(page));
        Assert.Equal(1, page.Revision);
        Assert.Equal(ChangeOutcome.Changed, result.Outcome);
        foreach (var message in (ChatMessage[])[page.Messages[1], result.Message!])
        {
            Assert.Equal((position, at, "ann", "c1", Audience.Others), (message.Position, message.At, message.From, message.ConnectionId, message.Audience));
            Assert.Equal((1, at.AddMinutes(1), "bob", false), (message.Revision, message.ChangedAt, message.ChangedBy, message.IsDeleted));
        }
    }

    [Fact]
    public async Task A_text_that_is_edited_can_become_json_and_a_text_again()
    {
        var history = await CreateAsync();
        var position = await AppendAsync(history, "text");
        List<bool> seen = [];
        foreach (var isJson in new[] { true, true, false, true })
        {
            var result = await history.ChangeAsync(_room, Edit(position, "[1]") with { IsJson = isJson });
            seen.Add(result.Message!.IsJson);
            seen.Add(Assert.Single((await history.ReadAsync(_room)).Messages).IsJson);
        }

        await history.ChangeAsync(_room, new MessageChange { Position = position, IsDeletion = true, At = DateTimeOffset.UnixEpoch });

        Assert.Equal([true, true, true, true, false, false, true, true], seen);
        Assert.False(Assert.Single((await history.ReadAsync(_room)).Messages).IsJson);
    }

    [Theory]
    [InlineData(WebSocketMessageType.Text, WebSocketMessageType.Binary, null, "ann")]
    [InlineData(WebSocketMessageType.Binary, WebSocketMessageType.Text, "bob", null)]
    [InlineData(WebSocketMessageType.Binary, WebSocketMessageType.Binary, null, null)]
    public async Task A_message_can_be_edited_again_and_become_text_or_binary(
        WebSocketMessageType before, WebSocketMessageType after, string? firstBy, string? secondBy)
    {
        var history = await CreateAsync();
        var (position, _) = await history.AppendAsync(_room, new ChatMessage(before, new byte[300], DateTimeOffset.UnixEpoch) { From = "日本" });
        await history.ChangeAsync(_room, Edit(position, "once") with { Type = before, By = firstBy });

        var again = await history.ChangeAsync(_room, Edit(position, "twice") with { Type = after, By = secondBy });

        var message = Assert.Single((await history.ReadAsync(_room)).Messages);
        Assert.Equal((after, "twice", "日本", 2, secondBy), (message.Type, message.Text, message.From, message.Revision, message.ChangedBy));
        Assert.Equal(2, again.Message!.Revision);
    }

    [Fact]
    public async Task A_deleted_message_keeps_its_position_and_loses_its_payload()
    {
        var history = await CreateAsync();
        await FillAsync(history, 3);
        var top = (await history.ReadAsync(_room)).Top;

        var result = await history.ChangeAsync(_room, Deletion(top with { Sequence = 2 }));

        var page = await history.ReadAsync(_room);
        Assert.Equal(ChangeOutcome.Changed, result.Outcome);
        Assert.Equal(["1", "", "3"], Texts(page));
        Assert.Equal([false, true, false], page.Messages.Select(static message => message.IsDeleted));
        Assert.Equal(top, page.Top);
    }

    [Fact]
    public async Task A_deleted_message_cannot_be_edited_and_is_deleted_once()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 2);
        await history.ChangeAsync(_room, Deletion(top));

        Assert.Equal(ChangeOutcome.Gone, (await history.ChangeAsync(_room, Edit(top, "back"))).Outcome);
        Assert.Equal(ChangeOutcome.Unchanged, (await history.ChangeAsync(_room, Deletion(top))).Outcome);

        var page = await history.ReadAsync(_room);
        Assert.Equal((1, true), (page.Revision, page.Messages[1].IsDeleted));
    }

    [Fact]
    public async Task A_message_that_is_not_stored_is_gone()
    {
        var history = await CreateAsync();
        Assert.Equal(ChangeOutcome.Gone, (await history.ChangeAsync(_room, Edit(new MessagePosition("e", 1), "x"))).Outcome);
        var top = await FillAsync(history, 12, capacity: 10);

        foreach (var position in (MessagePosition[])[
            top with { Sequence = 2 }, top with { Sequence = 13 }, top with { Sequence = 0 }, top with { Sequence = long.MaxValue },
            new MessagePosition("another", 5), MessagePosition.None])
        {
            Assert.Equal(ChangeOutcome.Gone, (await history.ChangeAsync(_room, Edit(position, "x"))).Outcome);
            Assert.Equal(ChangeOutcome.Gone, (await history.ChangeAsync(_room, Deletion(position))).Outcome);
        }

        var page = await history.ReadAsync(_room);
        Assert.Equal(Enumerable.Range(3, 10).Select(static i => $"{i}"), Texts(page));
        Assert.Equal(0, page.Revision);
    }

    [Fact]
    public async Task A_change_with_a_repeated_key_is_made_once()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 2);
        await history.ChangeAsync(_room, Edit(top, "mine") with { IdempotencyKey = "k" });
        await history.ChangeAsync(_room, Edit(top, "another's"));

        var again = await history.ChangeAsync(_room, Edit(top, "mine") with { IdempotencyKey = "k" });

        Assert.Equal(ChangeOutcome.Unchanged, again.Outcome);
        Assert.Equal(["1", "another's"], Texts(await history.ReadAsync(_room)));
    }

    [Fact]
    public async Task A_reader_receives_the_latest_state_of_what_has_changed_since_its_revision()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 6);
        await history.ChangeAsync(_room, Edit(top with { Sequence = 4 }, "4a"));
        await history.ChangeAsync(_room, Edit(top with { Sequence = 1 }, "1a"));
        await history.ChangeAsync(_room, Edit(top with { Sequence = 5 }, "5a"));
        await history.ChangeAsync(_room, Deletion(top with { Sequence = 2 }));
        await history.ChangeAsync(_room, Edit(top with { Sequence = 4 }, "4b"));

        // Up to its position 4, with the revisions in order. What follows is in its place.
        await AssertAsync(null, ["1a", "", "4b"], [2, 4, 5]);
        await AssertAsync(0, ["1a", "", "4b"], [2, 4, 5]);
        await AssertAsync(2, ["", "4b"], [4, 5]);
        await AssertAsync(4, ["4b"], [5]);
        await AssertAsync(5, [], []);

        async Task AssertAsync(long? revision, string[] texts, long[] revisions)
        {
            var page = await history.ReadAsync(_room, new StreamPosition(top with { Sequence = 4 }, revision), null);
            Assert.Equal(texts, page.Changes.Select(static message => message.Text));
            Assert.Equal(revisions, page.Changes.Select(static message => message.Revision.GetValueOrDefault()));
            Assert.Equal(["5a", "6"], Texts(page));
            Assert.Equal((5, false, 0), (page.Revision, page.Restarted, page.Missed));
        }
    }

    [Fact]
    public async Task A_reader_whose_revision_the_room_does_not_have_starts_again()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 3);
        await history.ChangeAsync(_room, Edit(top, "3a"));

        var page = await history.ReadAsync(_room, new StreamPosition(top, 2), null);

        Assert.True(page.Restarted);
        Assert.Equal(["1", "2", "3a"], Texts(page));
        Assert.Empty(page.Changes);
    }

    [Fact]
    public async Task A_reader_without_a_position_receives_no_changes_and_at_most_the_limit()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 10);
        await history.ChangeAsync(_room, Edit(top, "10a"));

        var page = await history.ReadAsync(_room, null, 3);

        Assert.Equal(["8", "9", "10a"], Texts(page));
        Assert.Equal((top, 1, 0, false), (page.Top, page.Revision, page.Missed, page.Restarted));
        Assert.Empty(page.Changes);
        Assert.Equal(10, (await history.ReadAsync(_room, null, 100)).Messages.Count);
    }

    [Fact]
    public async Task A_change_of_a_message_that_is_trimmed_is_forgotten()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 10, capacity: 10);
        await history.ChangeAsync(_room, Edit(top with { Sequence = 2 }, "2a"));
        await history.ChangeAsync(_room, Edit(top with { Sequence = 3 }, "3a"));
        await AppendAsync(history, "11");
        await AppendAsync(history, "12");

        var page = await history.ReadAsync(_room, new StreamPosition(top, 0), null);

        Assert.Equal(["3a"], page.Changes.Select(static message => message.Text));
        Assert.Equal(["11", "12"], Texts(page));
        Assert.Equal(2, page.Revision);
    }

    [Fact]
    public async Task Writers_editors_and_a_reader_agree_in_the_end()
    {
        const int Writers = 8, Each = 40;
        var history = await CreateAsync();
        await FillAsync(history, 100, capacity: 100);
        using var done = new CancellationTokenSource();
        var reading = Task.Run(() => FollowAsync(history, done.Token));
        var work = Enumerable.Range(0, Writers).SelectMany(w => (Task[])[
            Task.Run(async () =>
            {
                for (var i = 0; i < Each; i++)
                    await AppendAsync(history, $"{w}:{i}");
            }),
            Task.Run(async () =>
            {
                var random = new Random(w);
                for (var i = 0; i < Each; i++)
                {
                    var page = await history.ReadAsync(_room);
                    Assert.Equal(100, page.Messages.Count);
                    var position = page.Messages[random.Next(100)].Position.GetValueOrDefault();
                    await history.ChangeAsync(_room, random.Next(3) == 0 ? Deletion(position) : Edit(position, $"edited by {w}, {i}"));
                }
            }),
        ]);
        await Task.WhenAll(work).Soon();
        await done.CancelAsync();

        var seen = await reading.Soon();

        var stored = await history.ReadAsync(_room);
        Assert.Equal(100, stored.Messages.Count);
        Assert.Equal(100 + (Writers * Each), stored.Top.Sequence);
        Assert.All(stored.Messages, message =>
        {
            var known = seen[message.Position!.Value.Sequence];
            Assert.Equal((message.Text, message.IsDeleted, message.Revision), (known.Text, known.IsDeleted, known.Revision));
        });
        Assert.All(stored.Messages.Concat(seen.Values), message => Assert.InRange(message.Revision ?? 0, 0, stored.Revision));
    }

    [Theory]
    [InlineData(null, 3, "10,11,12", true)]
    [InlineData(13, 3, "10,11,12", true)]
    [InlineData(12, 3, "9,10,11", true)]
    [InlineData(5, 2, "3,4", false)]
    [InlineData(5, 100, "3,4", false)]
    [InlineData(4, 1, "3", false)]
    [InlineData(3, 5, "", false)]
    [InlineData(1, 5, "", false)]
    [InlineData(0, 5, "", false)]
    [InlineData(null, 100, "3,4,5,6,7,8,9,10,11,12", false)]
    public async Task Messages_before_a_position_are_read_oldest_first(int? before, int limit, string expected, bool hasMore)
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 12, capacity: 10);

        var older = await history.ReadBeforeAsync(_room, before is { } sequence ? top with { Sequence = sequence } : null, limit);

        Assert.Equal(expected, string.Join(',', older.Messages.Select(static message => message.Text)));
        Assert.Equal(hasMore, older.HasMore);
        Assert.All(older.Messages, message => Assert.Equal(message.Text, $"{message.Position!.Value.Sequence}"));
    }

    [Fact]
    public async Task Messages_before_a_position_are_as_they_are_now()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 3);
        await history.ChangeAsync(_room, Edit(top with { Sequence = 1 }, "1a"));
        await history.ChangeAsync(_room, Deletion(top with { Sequence = 2 }));

        var older = await history.ReadBeforeAsync(_room, top, 2);

        Assert.Equal(["1a", ""], older.Messages.Select(static message => message.Text));
        Assert.True(older.Messages[1].IsDeleted);
        Assert.Empty((await history.ReadBeforeAsync(_room, new MessagePosition("another", 3), 2)).Messages);
        Assert.Empty((await history.ReadBeforeAsync(_room + "x", null, 2)).Messages);
    }

    private static MessageChange Edit(MessagePosition position, string text) =>
        new() { Position = position, Data = Encoding.UTF8.GetBytes(text), At = DateTimeOffset.UnixEpoch };

    private static MessageChange Deletion(MessagePosition position) =>
        new() { Position = position, IsDeletion = true, At = DateTimeOffset.UnixEpoch };

    /// <summary>Reads what is new, again and again, and once more at the end. Returns the latest state of each message by its sequence.</summary>
    private async Task<Dictionary<long, ChatMessage>> FollowAsync(IMessageHistory history, CancellationToken end)
    {
        Dictionary<long, ChatMessage> seen = [];
        StreamPosition? position = null;
        bool isLast;
        do
        {
            isLast = end.IsCancellationRequested;
            var page = await history.ReadAsync(_room, position, null, CancellationToken.None);
            foreach (var message in page.Changes.Concat(page.Messages))
                seen[message.Position!.Value.Sequence] = message;
            position = new StreamPosition(page.Top, page.Revision);
        }
        while (!isLast);
        return seen;
    }
}
