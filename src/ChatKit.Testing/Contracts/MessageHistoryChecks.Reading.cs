namespace ChatKit.Testing.Contracts;

/// <content>What a reader receives.</content>
internal sealed partial class MessageHistoryChecks
{
    private static void AddReading(CaseList<MessageHistoryChecks> cases)
    {
        cases.Add(static c => c.A_page_is_a_consistent_snapshot());
        cases.Add(static c => c.A_reader_receives_the_messages_after_its_position(0, 5, 0));
        cases.Add(static c => c.A_reader_receives_the_messages_after_its_position(1, 4, 0));
        cases.Add(static c => c.A_reader_receives_the_messages_after_its_position(4, 1, 0));
        cases.Add(static c => c.A_reader_receives_the_messages_after_its_position(5, 0, 0));
        cases.Add(static c => c.A_reader_at_None_receives_everything());
        cases.Add(static c => c.A_page_states_how_many_missed_messages_are_no_longer_stored(1, 10, 9));
        cases.Add(static c => c.A_page_states_how_many_missed_messages_are_no_longer_stored(9, 10, 1));
        cases.Add(static c => c.A_page_states_how_many_missed_messages_are_no_longer_stored(10, 10, 0));
        cases.Add(static c => c.A_page_states_how_many_missed_messages_are_no_longer_stored(11, 9, 0));
        cases.Add(static c => c.A_reader_of_another_stream_or_beyond_the_top_receives_everything_again("another", 3));
        cases.Add(static c => c.A_reader_of_another_stream_or_beyond_the_top_receives_everything_again("another", 20));
        cases.Add(static c => c.A_reader_of_another_stream_or_beyond_the_top_receives_everything_again(null, 21));
        cases.Add(static c => c.A_reader_of_another_stream_or_beyond_the_top_receives_everything_again(null, long.MaxValue));
        cases.Add(static c => c.A_room_in_which_nothing_was_stored_is_empty());
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(null, 3, "10,11,12", true));
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(13, 3, "10,11,12", true));
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(12, 3, "9,10,11", true));
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(5, 2, "3,4", false));
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(5, 100, "3,4", false));
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(4, 1, "3", false));
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(3, 5, "", false));
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(1, 5, "", false));
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(0, 5, "", false));
        cases.Add(static c => c.Messages_before_a_position_are_read_oldest_first(null, 100, "3,4,5,6,7,8,9,10,11,12", false));
        cases.AddOfChanges(static c => c.Messages_before_a_position_are_as_they_are_now());
    }

    public async Task A_page_is_a_consistent_snapshot()
    {
        var history = await CreateAsync();
        await AppendAsync(history, "1", capacity: 10);
        var writing = Task.Run(async () =>
        {
            for (var i = 2; i <= 500; i++)
                await AppendAsync(history, $"{i}");
        });

        while (!writing.IsCompleted && !_end.IsCancellationRequested)
        {
            var page = await history.ReadAsync(_room);
            Check.InRange(page.Messages.Count, 1, 10);
            var expected = Enumerable.Range(0, page.Messages.Count).Select(i => page.Top.Sequence - page.Messages.Count + 1 + i).ToList();
            Check.Sequence(expected, page.Messages.Select(static m => m.Position!.Value.Sequence));
            Check.Sequence(expected.Select(static n => $"{n}"), Texts(page));
        }

        await writing;
    }

    public async Task A_reader_receives_the_messages_after_its_position(int after, int count, int missed)
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 5);

        var page = await history.ReadAsync(_room, top with { Sequence = after });

        Check.Sequence(Enumerable.Range(6 - count, count).Select(static i => $"{i}"), Texts(page));
        Check.Equal((top, missed, false), (page.Top, page.Missed, page.Restarted));
    }

    public async Task A_reader_at_None_receives_everything()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 12, capacity: 10);

        var page = await history.ReadAsync(_room, MessagePosition.None);

        Check.Sequence(Enumerable.Range(3, 10).Select(static i => $"{i}"), Texts(page));
        Check.Equal((top, 2, false), (page.Top, page.Missed, page.Restarted));
    }

    public async Task A_page_states_how_many_missed_messages_are_no_longer_stored(int after, int count, int missed)
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 20, capacity: 10);

        var page = await history.ReadAsync(_room, top with { Sequence = after });

        Check.Sequence(Enumerable.Range(21 - count, count).Select(static i => $"{i}"), Texts(page));
        Check.Equal((top, missed, false), (page.Top, page.Missed, page.Restarted));
    }

    public async Task A_reader_of_another_stream_or_beyond_the_top_receives_everything_again(string? epoch, long after)
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 20, capacity: 10);

        var page = await history.ReadAsync(_room, new MessagePosition(epoch ?? top.Epoch, after));

        Check.Sequence(Enumerable.Range(11, 10).Select(static i => $"{i}"), Texts(page));
        Check.Equal((top, 10, true), (page.Top, page.Missed, page.Restarted));
    }

    public async Task A_room_in_which_nothing_was_stored_is_empty()
    {
        var history = await CreateAsync();

        AssertPage(await history.ReadAsync(_room), restarted: false);
        AssertPage(await history.ReadAsync(_room, MessagePosition.None), restarted: false);
        AssertPage(await history.ReadAsync(_room, new MessagePosition("former", 7)), restarted: true);

        static void AssertPage(HistoryPage page, bool restarted)
        {
            Check.Empty(page.Messages);
            Check.Equal((MessagePosition.None, 0, restarted), (page.Top, page.Missed, page.Restarted));
        }
    }

    public async Task Messages_before_a_position_are_read_oldest_first(int? before, int limit, string expected, bool hasMore)
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 12, capacity: 10);

        var older = await history.ReadBeforeAsync(_room, before is { } sequence ? top with { Sequence = sequence } : null, limit);

        Check.Sequence(expected, string.Join(',', older.Messages.Select(static message => message.Text)));
        Check.Equal(hasMore, older.HasMore);
        Check.Each(older.Messages, message => Check.Equal(message.Text, $"{message.Position!.Value.Sequence}"));
    }

    public async Task Messages_before_a_position_are_as_they_are_now()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 3);
        await history.ChangeAsync(_room, Edit(top with { Sequence = 1 }, "1a"));
        await history.ChangeAsync(_room, Deletion(top with { Sequence = 2 }));

        var older = await history.ReadBeforeAsync(_room, top, 2);

        Check.Sequence(["1a", ""], older.Messages.Select(static message => message.Text));
        Check.True(older.Messages[1].IsDeleted);
        Check.Empty((await history.ReadBeforeAsync(_room, new MessagePosition("another", 3), 2)).Messages);
        Check.Empty((await history.ReadBeforeAsync(_room + "x", null, 2)).Messages);
    }
}
