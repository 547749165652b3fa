using ChatKit.Rooms;
using ChatKit.Rooms.Reads;

namespace ChatKit.Tests.Rooms.Reads;

/// <summary>What every store of read cursors does.</summary>
public abstract class ReadStoreContract
{
    private readonly string _room = $"room {Guid.NewGuid():n}";

    [Fact]
    public async Task Without_a_cursor_everything_stored_is_unread()
    {
        var (history, store) = await CreateAsync();
        var top = await AppendAsync(history, 5, capacity: 3);

        Assert.Equal(new ReadState(null, top, 3), await GetAsync(store));
    }

    [Fact]
    public async Task A_room_without_messages_has_nothing_to_read_and_no_cursors()
    {
        var (_, store) = await CreateAsync();

        Assert.Null(await store.MoveAsync(_room, "anna", new MessagePosition("e", 7)));
        Assert.Null(await store.MoveAsync(_room, "anna", MessagePosition.None));

        Assert.Equal(new ReadState(null, MessagePosition.None, 0), await GetAsync(store));
    }

    [Fact]
    public async Task A_cursor_moves_forward_and_never_back()
    {
        var (history, store) = await CreateAsync();
        var top = await AppendAsync(history, 5);

        Assert.Equal(top with { Sequence = 3 }, await store.MoveAsync(_room, "anna", top with { Sequence = 3 }));
        Assert.Null(await store.MoveAsync(_room, "anna", top with { Sequence = 2 }));
        Assert.Null(await store.MoveAsync(_room, "anna", top with { Sequence = 3 }));
        Assert.Equal(new ReadState(top with { Sequence = 3 }, top, 2), await GetAsync(store));

        Assert.Equal(top with { Sequence = 4 }, await store.MoveAsync(_room, "anna", top with { Sequence = 4 }));
        Assert.Equal(new ReadState(top with { Sequence = 4 }, top, 1), await GetAsync(store));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(long.MaxValue)]
    public async Task A_cursor_is_never_beyond_the_last_message(long sequence)
    {
        var (history, store) = await CreateAsync();
        var top = await AppendAsync(history, 5);

        Assert.Equal(top, await store.MoveAsync(_room, "anna", top with { Sequence = sequence }));
        Assert.Equal(new ReadState(top, top, 0), await GetAsync(store));
        var next = await AppendAsync(history, 1);

        Assert.Equal(new ReadState(top, next, 1), await GetAsync(store));
    }

    [Fact]
    public async Task Messages_behind_the_cursor_that_are_no_longer_stored_do_not_count()
    {
        var (history, store) = await CreateAsync();
        var first = await AppendAsync(history, 1, capacity: 3);
        await store.MoveAsync(_room, "anna", first);
        var top = await AppendAsync(history, 9, capacity: 3);

        Assert.Equal(new ReadState(first, top, 3), await GetAsync(store));
    }

    [Fact]
    public async Task A_cursor_of_a_stream_that_was_lost_counts_as_none_and_is_replaced()
    {
        var (history, store) = await CreateAsync();
        var old = await AppendAsync(history, 5);
        await store.MoveAsync(_room, "anna", old);

        await LoseMessagesAsync(_room);
        var top = await AppendAsync(history, 3);

        Assert.NotEqual(old.Epoch, top.Epoch);
        Assert.Equal(new ReadState(null, top, 3), await GetAsync(store));
        Assert.Null(await store.MoveAsync(_room, "anna", old with { Sequence = 9 }));
        Assert.Equal(new ReadState(null, top, 3), await GetAsync(store));
        Assert.Equal(top with { Sequence = 1 }, await store.MoveAsync(_room, "anna", top with { Sequence = 1 }));
        Assert.Null(await store.MoveAsync(_room, "anna", old with { Sequence = 9 }));
        Assert.Equal(new ReadState(top with { Sequence = 1 }, top, 2), await GetAsync(store));
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("%s {x} 漢 😀")]
    [InlineData(" ")]
    [InlineData("e:1")]
    public async Task Users_and_rooms_do_not_share_cursors(string user)
    {
        var (history, store) = await CreateAsync();
        var top = await AppendAsync(history, 2);
        var other = (await history.AppendAsync(_room + "2", Outgoing.Text("x", default), null)).Position;
        await store.MoveAsync(_room, user, top);

        Assert.Equal(0, (await GetAsync(store, user)).Unread);
        Assert.Equal(2, (await GetAsync(store)).Unread);
        var rooms = await store.GetAsync(user, [_room + "2", _room, _room + "3"]);
        Assert.Equal(
            [new ReadState(null, other, 1), new ReadState(top, top, 0), new ReadState(null, MessagePosition.None, 0)], rooms);
    }

    [Fact]
    public async Task Of_eight_concurrent_writers_the_furthest_wins_and_a_reader_never_sees_a_cursor_go_back()
    {
        const int Writers = 8, Messages = 100;
        var (history, store) = await CreateAsync();
        var top = await AppendAsync(history, Messages);
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var random = new Random(writer);
            foreach (var sequence in Enumerable.Range(1, Messages).Select(_ => random.Next(1, Messages)).Append(writer == 3 ? Messages - 1 : 1))
            {
                if (await store.MoveAsync(_room, "anna", top with { Sequence = sequence }) is { } moved)
                    Assert.Equal(sequence, moved.Sequence);
            }
        })));

        var last = 0L;
        bool isDone;
        do
        {
            isDone = writing.IsCompleted;
            var read = (await GetAsync(store)).Read?.Sequence ?? 0;
            Assert.InRange(read, last, Messages);
            last = read;
        }
        while (!isDone);

        await writing;
        Assert.Equal(Messages - 1, last);
    }

    private protected abstract Task<(IMessageHistory History, IReadStore Store)> CreateAsync();

    /// <summary>The store loses the messages and the last position of a room, but not its cursors.</summary>
    private protected abstract Task LoseMessagesAsync(string room);

    private async Task<ReadState> GetAsync(IReadStore store, string user = "anna") => Assert.Single(await store.GetAsync(user, [_room]));

    private async Task<MessagePosition> AppendAsync(IMessageHistory history, int count, int? capacity = null)
    {
        var last = MessagePosition.None;
        for (var i = 0; i < count; i++)
            last = (await history.AppendAsync(_room, Outgoing.Text($"{i}", default), capacity)).Position;
        return last;
    }
}
