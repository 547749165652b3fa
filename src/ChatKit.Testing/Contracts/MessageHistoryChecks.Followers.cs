namespace ChatKit.Testing.Contracts;

/// <content>Readers that follow the changes of a room.</content>
internal sealed partial class MessageHistoryChecks
{
    private static void AddFollowers(CaseList<MessageHistoryChecks> cases)
    {
        cases.AddOfChanges(static c => c.A_reader_receives_the_latest_state_of_what_has_changed_since_its_revision());
        cases.AddOfChanges(static c => c.Changes_are_read_in_the_order_of_their_revisions());
        cases.AddOfChanges(static c => c.A_reader_whose_revision_the_room_does_not_have_starts_again());
        cases.AddOfChanges(static c => c.A_reader_without_a_position_receives_no_changes_and_at_most_the_limit());
        cases.AddOfChanges(static c => c.A_change_of_a_message_that_is_trimmed_is_forgotten());
        cases.AddOfChanges(static c => c.Writers_editors_and_a_reader_agree_in_the_end());
    }

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
            Check.Sequence(texts, page.Changes.Select(static message => message.Text));
            Check.Sequence(revisions, page.Changes.Select(static message => message.Revision.GetValueOrDefault()));
            Check.Sequence(["5a", "6"], Texts(page));
            Check.Equal((5, false, 0), (page.Revision, page.Restarted, page.Missed));
        }
    }

    public async Task Changes_are_read_in_the_order_of_their_revisions()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 5);
        foreach (var sequence in (long[])[4, 1, 5, 2, 4])
            await history.ChangeAsync(_room, Edit(top with { Sequence = sequence }, $"{sequence}a"));

        var page = await history.ReadAsync(_room, new StreamPosition(top, 1), null);

        Check.Sequence(["1a", "5a", "2a", "4a"], page.Changes.Select(static message => message.Text));
        Check.Sequence([2, 3, 4, 5], page.Changes.Select(static message => message.Revision.GetValueOrDefault()));
    }

    public async Task A_reader_whose_revision_the_room_does_not_have_starts_again()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 3);
        await history.ChangeAsync(_room, Edit(top, "3a"));

        var page = await history.ReadAsync(_room, new StreamPosition(top, 2), null);

        Check.True(page.Restarted);
        Check.Sequence(["1", "2", "3a"], Texts(page));
        Check.Empty(page.Changes);
    }

    public async Task A_reader_without_a_position_receives_no_changes_and_at_most_the_limit()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 10);
        await history.ChangeAsync(_room, Edit(top, "10a"));

        var page = await history.ReadAsync(_room, null, 3);

        Check.Sequence(["8", "9", "10a"], Texts(page));
        Check.Equal((top, 1, 0, false), (page.Top, page.Revision, page.Missed, page.Restarted));
        Check.Empty(page.Changes);
        Check.Equal(10, (await history.ReadAsync(_room, null, 100)).Messages.Count);
    }

    public async Task A_change_of_a_message_that_is_trimmed_is_forgotten()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 10, capacity: 10);
        await history.ChangeAsync(_room, Edit(top with { Sequence = 2 }, "2a"));
        await history.ChangeAsync(_room, Edit(top with { Sequence = 3 }, "3a"));
        await AppendAsync(history, "11");
        await AppendAsync(history, "12");

        var page = await history.ReadAsync(_room, new StreamPosition(top, 0), null);

        Check.Sequence(["3a"], page.Changes.Select(static message => message.Text));
        Check.Sequence(["11", "12"], Texts(page));
        Check.Equal(2, page.Revision);
    }

    public async Task Writers_editors_and_a_reader_agree_in_the_end()
    {
        const int Writers = 8, Each = 40;
        var history = await CreateAsync();
        await FillAsync(history, 100, capacity: 100);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(_end);
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
                    Check.Equal(100, page.Messages.Count);
                    var position = page.Messages[random.Next(100)].Position.GetValueOrDefault();
                    await history.ChangeAsync(_room, random.Next(3) == 0 ? Deletion(position) : Edit(position, $"edited by {w}, {i}"));
                }
            }),
        ]);
        try
        {
            await Task.WhenAll(work);
        }
        finally
        {
            await done.CancelAsync();
        }

        var seen = await reading;

        var stored = await history.ReadAsync(_room);
        Check.Equal(100, stored.Messages.Count);
        Check.Equal(100 + (Writers * Each), stored.Top.Sequence);
        Check.Each(stored.Messages, message =>
        {
            var known = seen[message.Position!.Value.Sequence];
            Check.Equal((message.Text, message.IsDeleted, message.Revision), (known.Text, known.IsDeleted, known.Revision));
        });
        Check.Each(stored.Messages.Concat(seen.Values), message => Check.InRange(message.Revision ?? 0, 0, stored.Revision));
    }

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
