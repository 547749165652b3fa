using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace ChatKit.TestKit.Contracts;

/// <summary>The contract of every history. A subclass creates one, and makes a room expire.</summary>
public abstract partial class MessageHistoryContract
{
    private readonly string _room = $"room {Guid.NewGuid():n}";

    public static TheoryData<string> Names => new(
        "a", "with spaces", " ", "a:b", "{a}", "a}b{c", "*", "[a]?", "日本語", "😀", "عربى", "\u00e9", "e\u0301", "\\", "\"", "%41", "a/b?c#d",
        new string('x', 255), string.Concat(Enumerable.Repeat("漢", 255)));

    /// <summary>Creates a history that keeps a hundred messages for a long time, unless the options specify otherwise.</summary>
    protected abstract Task<IMessageHistory> CreateAsync(ChatKitOptions options);

    /// <summary>
    /// Completes when a room without new messages has expired. <paramref name="options"/> are those of <see cref="CreateAsync"/>. An
    /// implementation can advance the time, or wait.
    /// </summary>
    protected abstract Task ExpireAsync(string room, ChatKitOptions options);

    /// <summary>Completes when an idempotency key has expired, or is certain to expire after 5 minutes. It can advance the time.</summary>
    protected abstract Task ForgetKeyAsync(IMessageHistory history, string room, string key);

    [Fact]
    public async Task A_repeated_idempotency_key_returns_the_first_position_and_stores_nothing()
    {
        var history = await CreateAsync();
        await AppendAsync(history, "before");
        var first = await history.AppendAsync(_room, Message("first", key: "a-1"));
        await AppendAsync(history, "between");

        var repeated = await history.AppendAsync(_room, Message("again", key: "a-1"));
        var other = await history.AppendAsync(_room, Message("other", key: "a-2"));

        Assert.Equal((2, true), (first.Position.Sequence, first.IsNew));
        Assert.Equal((first.Position, false), (repeated.Position, repeated.IsNew));
        Assert.Equal((4, true), (other.Position.Sequence, other.IsNew));
        Assert.Equal(["before", "first", "between", "other"], Texts(await history.ReadAsync(_room)));
    }

    [Fact]
    public async Task One_of_many_concurrent_messages_with_the_same_idempotency_key_is_stored()
    {
        var history = await CreateAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(
            () => history.AppendAsync(_room, Message($"{i}", key: "key")).AsTask())));

        Assert.Single(results, static result => result.IsNew);
        Assert.Single(results.Select(static result => result.Position).Distinct());
        Assert.Single((await history.ReadAsync(_room)).Messages);
    }

    [Fact]
    public async Task Rooms_do_not_share_idempotency_keys()
    {
        var history = await CreateAsync();

        var here = await history.AppendAsync(_room, Message("here", key: "key"));
        var there = await history.AppendAsync(_room + "x", Message("there", key: "key"));

        Assert.True(here.IsNew);
        Assert.True(there.IsNew);
        Assert.Equal(["there"], Texts(await history.ReadAsync(_room + "x")));
    }

    [Fact]
    public async Task An_idempotency_key_expires_after_5_minutes()
    {
        var history = await CreateAsync();
        await history.AppendAsync(_room, Message("first", key: "key"));

        await ForgetKeyAsync(history, _room, "key");

        Assert.True((await history.AppendAsync(_room, Message("again", key: "key"))).IsNew);
        Assert.Equal(["first", "again"], Texts(await history.ReadAsync(_room)));
    }

    [Fact]
    public async Task Sequences_count_up_by_one_from_1()
    {
        var history = await CreateAsync();
        List<MessagePosition> positions = [];
        for (var i = 0; i < 20; i++)
            positions.Add(await AppendAsync(history, $"{i}"));

        Assert.NotEqual("", positions[0].Epoch);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => new MessagePosition(positions[0].Epoch, i)), positions);
        var page = await history.ReadAsync(_room);
        Assert.Equal(positions, page.Messages.Select(static m => m.Position.GetValueOrDefault()));
        Assert.Equal(Enumerable.Range(0, 20).Select(static i => $"{i}"), Texts(page));
        Assert.Equal((positions[^1], 0, false), (page.Top, page.Missed, page.Restarted));
    }

    [Fact]
    public async Task Exactly_the_last_100_of_250_messages_of_8_concurrent_writers_remain()
    {
        const int Total = 250, Writers = 8;
        var history = await CreateAsync();
        var byPosition = new string[Total + 1];
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(async () =>
        {
            for (var n = Interlocked.Increment(ref next); n <= Total; n = Interlocked.Increment(ref next))
            {
                var text = $"{w}:{n}";
                var position = await AppendAsync(history, text);
                Assert.Null(Interlocked.Exchange(ref byPosition[position.Sequence], text));
            }
        }))).Soon();

        Assert.DoesNotContain(byPosition.Skip(1), static text => text is null);
        var page = await history.ReadAsync(_room);
        Assert.Equal(byPosition[^100..], Texts(page));
        Assert.Equal(Enumerable.Range(151, 100).Select(static i => (long)i), page.Messages.Select(static m => m.Position!.Value.Sequence));
        Assert.Equal(Total, page.Top.Sequence);
    }

    [Fact]
    public async Task A_page_is_a_consistent_snapshot()
    {
        var history = await CreateAsync();
        await AppendAsync(history, "1", capacity: 10);
        var writing = Task.Run(async () =>
        {
            for (var i = 2; i <= 500; i++)
                await AppendAsync(history, $"{i}");
        });

        while (!writing.IsCompleted)
        {
            var page = await history.ReadAsync(_room);
            Assert.InRange(page.Messages.Count, 1, 10);
            var expected = Enumerable.Range(0, page.Messages.Count).Select(i => page.Top.Sequence - page.Messages.Count + 1 + i).ToList();
            Assert.Equal(expected, page.Messages.Select(static m => m.Position!.Value.Sequence));
            Assert.Equal(expected.Select(static n => $"{n}"), Texts(page));
        }

        await writing.Soon();
    }

    [Theory]
    [InlineData(0, 5, 0)]
    [InlineData(1, 4, 0)]
    [InlineData(4, 1, 0)]
    [InlineData(5, 0, 0)]
    public async Task A_reader_receives_the_messages_after_its_position(int after, int count, int missed)
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 5);

        var page = await history.ReadAsync(_room, top with { Sequence = after });

        Assert.Equal(Enumerable.Range(6 - count, count).Select(static i => $"{i}"), Texts(page));
        Assert.Equal((top, missed, false), (page.Top, page.Missed, page.Restarted));
    }

    [Fact]
    public async Task A_reader_at_None_receives_everything()
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 12, capacity: 10);

        var page = await history.ReadAsync(_room, MessagePosition.None);

        Assert.Equal(Enumerable.Range(3, 10).Select(static i => $"{i}"), Texts(page));
        Assert.Equal((top, 2, false), (page.Top, page.Missed, page.Restarted));
    }

    [Theory]
    [InlineData(1, 10, 9)]
    [InlineData(9, 10, 1)]
    [InlineData(10, 10, 0)]
    [InlineData(11, 9, 0)]
    public async Task A_page_states_how_many_missed_messages_are_no_longer_stored(int after, int count, int missed)
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 20, capacity: 10);

        var page = await history.ReadAsync(_room, top with { Sequence = after });

        Assert.Equal(Enumerable.Range(21 - count, count).Select(static i => $"{i}"), Texts(page));
        Assert.Equal((top, missed, false), (page.Top, page.Missed, page.Restarted));
    }

    [Theory]
    [InlineData("another", 3)]
    [InlineData("another", 20)]
    [InlineData(null, 21)]
    [InlineData(null, long.MaxValue)]
    public async Task A_reader_of_another_stream_or_beyond_the_top_receives_everything_again(string? epoch, long after)
    {
        var history = await CreateAsync();
        var top = await FillAsync(history, 20, capacity: 10);

        var page = await history.ReadAsync(_room, new MessagePosition(epoch ?? top.Epoch, after));

        Assert.Equal(Enumerable.Range(11, 10).Select(static i => $"{i}"), Texts(page));
        Assert.Equal((top, 10, true), (page.Top, page.Missed, page.Restarted));
    }

    [Fact]
    public async Task A_room_in_which_nothing_was_stored_is_empty()
    {
        var history = await CreateAsync();

        AssertPage(await history.ReadAsync(_room), restarted: false);
        AssertPage(await history.ReadAsync(_room, MessagePosition.None), restarted: false);
        AssertPage(await history.ReadAsync(_room, new MessagePosition("former", 7)), restarted: true);

        static void AssertPage(HistoryPage page, bool restarted)
        {
            Assert.Empty(page.Messages);
            Assert.Equal((MessagePosition.None, 0, restarted), (page.Top, page.Missed, page.Restarted));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_valid_name_is_a_separate_room(string name)
    {
        var history = await CreateAsync();
        Assert.True(RoomName.IsValid(name, out _));
        var other = name.Length < RoomName.MaxLength ? name + "x" : name[1..];
        var (position, _) = await history.AppendAsync(name, Message("here"), 10);
        await history.AppendAsync(other, Message("there"), 10);

        var page = await history.ReadAsync(name);

        Assert.Equal(position, page.Top);
        Assert.Equal("here", page.Messages[^1].Text);
        Assert.Equal("there", (await history.ReadAsync(other)).Messages[^1].Text);
    }

    [Fact]
    public async Task Rooms_do_not_share_messages()
    {
        var history = await CreateAsync();
        for (var i = 1; i <= 5; i++)
        {
            Assert.Equal(i, (await history.AppendAsync(_room + "a", Message($"a{i}"))).Position.Sequence);
            Assert.Equal(i, (await history.AppendAsync(_room + "b", Message($"b{i}"))).Position.Sequence);
        }

        var (a, b) = (await history.ReadAsync(_room + "a"), await history.ReadAsync(_room + "b"));
        Assert.Equal(["a1", "a2", "a3", "a4", "a5"], Texts(a));
        Assert.Equal(["b1", "b2", "b3", "b4", "b5"], Texts(b));
        Assert.NotEqual(a.Top.Epoch, b.Top.Epoch);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(64 * 1024)]
    public async Task Bytes_are_read_back_unchanged(int length)
    {
        var history = await CreateAsync();
        var data = Enumerable.Range(0, length).Select(static i => (byte)i).ToArray();
        await history.AppendAsync(_room, new ChatMessage(WebSocketMessageType.Binary, data, DateTimeOffset.UnixEpoch));

        var message = Assert.Single((await history.ReadAsync(_room)).Messages);

        Assert.Equal(data, message.Data.ToArray());
    }

    [Theory]
    [InlineData(WebSocketMessageType.Text, "ann", "c1", Audience.Everyone)]
    [InlineData(WebSocketMessageType.Binary, null, "c2", Audience.Others)]
    [InlineData(WebSocketMessageType.Text, "日本😀\0\n", null, Audience.Others)]
    [InlineData(WebSocketMessageType.Binary, null, null, Audience.Everyone)]
    public async Task All_properties_of_a_message_are_read_back(WebSocketMessageType type, string? from, string? connectionId, Audience audience)
    {
        var history = await CreateAsync();
        var at = new DateTimeOffset(2026, 11, 22, 18, 0, 0, 123, TimeSpan.FromHours(9));
        var sent = new ChatMessage(type, Encoding.UTF8.GetBytes("é\0"), at) { From = from, ConnectionId = connectionId, Audience = audience };
        var (position, _) = await history.AppendAsync(_room, sent);

        var message = Assert.Single((await history.ReadAsync(_room)).Messages);

        Assert.Equal((type, from, connectionId, audience), (message.Type, message.From, message.ConnectionId, message.Audience));
        Assert.Equal("é\0", message.Text);
        Assert.Equal(at.ToUnixTimeMilliseconds(), message.At.ToUnixTimeMilliseconds());
        Assert.Equal(position, message.Position);
    }

    [Fact]
    public async Task Json_stays_json_and_a_text_stays_a_text()
    {
        var history = await CreateAsync();
        var json = new ChatMessage(WebSocketMessageType.Text, "{}"u8.ToArray(), DateTimeOffset.UnixEpoch) { IsJson = true, From = "ann" };
        await history.AppendAsync(_room, json);
        await AppendAsync(history, "{}");

        var page = await history.ReadAsync(_room);

        Assert.Equal([(true, "{}", "ann"), (false, "{}", null)], page.Messages.Select(static m => (m.IsJson, m.Text, m.From)));
    }

    [Fact]
    public async Task The_position_of_an_appended_message_is_ignored()
    {
        var history = await CreateAsync();

        var (position, _) = await history.AppendAsync(_room, Message("a").WithPosition(new MessagePosition("mine", 77)));

        Assert.Equal(1, position.Sequence);
        Assert.NotEqual("mine", position.Epoch);
        Assert.Equal(position, Assert.Single((await history.ReadAsync(_room)).Messages).Position);
    }

    [Fact]
    public async Task The_options_set_how_many_messages_are_kept()
    {
        var history = await CreateAsync(new ChatKitOptions { HistoryCapacity = 7 });
        await FillAsync(history, 10);

        Assert.Equal(["4", "5", "6", "7", "8", "9", "10"], Texts(await history.ReadAsync(_room)));
    }

    [Fact]
    public async Task The_largest_requested_capacity_applies()
    {
        var history = await CreateAsync();
        await FillAsync(history, 5, capacity: 3);
        await AppendAsync(history, "6");
        Assert.Equal(["4", "5", "6"], Texts(await history.ReadAsync(_room)));

        await AppendAsync(history, "7", capacity: 5);
        await AppendAsync(history, "8");
        Assert.Equal(["4", "5", "6", "7", "8"], Texts(await history.ReadAsync(_room)));

        // Another application with a smaller capacity does not trim the messages of this one.
        await AppendAsync(history, "9", capacity: 1);
        Assert.Equal(["5", "6", "7", "8", "9"], Texts(await history.ReadAsync(_room)));
    }

    [Fact]
    public async Task An_expired_room_is_empty_and_continues_its_positions_or_starts_a_new_stream()
    {
        var options = new ChatKitOptions { RoomTimeToLive = TimeSpan.FromSeconds(1) };
        var history = await CreateAsync(options);
        var former = await FillAsync(history, 3);
        await ExpireAsync(_room, options);

        var empty = await history.ReadAsync(_room, former);
        Assert.Empty(empty.Messages);
        Assert.Equal(empty.Restarted ? MessagePosition.None : former, empty.Top);

        var position = await AppendAsync(history, "new");
        var goesOn = position.Epoch == former.Epoch;
        Assert.Equal(goesOn ? 4 : 1, position.Sequence);
        var page = await history.ReadAsync(_room, former with { Sequence = 1 });
        Assert.Equal(["new"], Texts(page));
        Assert.Equal((position, goesOn ? 2 : 0, !goesOn), (page.Top, page.Missed, page.Restarted));
    }

    [Fact]
    public async Task An_expired_room_remembers_its_idempotency_keys()
    {
        var options = new ChatKitOptions { RoomTimeToLive = TimeSpan.FromSeconds(1) };
        var history = await CreateAsync(options);
        var first = await history.AppendAsync(_room, Message("once", key: "key"));
        await ExpireAsync(_room, options);

        var again = await history.AppendAsync(_room, Message("once", key: "key"));

        Assert.Equal((first.Position, false), (again.Position, again.IsNew));
    }

    [Fact]
    public async Task A_canceled_operation_does_not_start()
    {
        var history = await CreateAsync();
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => history.AppendAsync(_room, Message("a"), null, cancelled).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => history.ReadAsync(_room, null, cancelled).AsTask());

        Assert.Empty((await history.ReadAsync(_room)).Messages);
    }

    [Fact]
    public async Task Arguments_are_checked()
    {
        var history = await CreateAsync();

        await Assert.ThrowsAsync<ArgumentNullException>(async () => await history.AppendAsync(null!, Message("a")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await history.AppendAsync("", Message("a")));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await history.AppendAsync(_room, null!));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await history.AppendAsync(_room, Message("a"), 0));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await history.AppendAsync(_room, Message("a"), -1));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await history.ReadAsync(null!));
        await Assert.ThrowsAsync<ArgumentException>(async () => await history.ReadAsync(""));
    }

    private static ChatMessage Message(string text, string? key = null) =>
        new(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text), DateTimeOffset.UnixEpoch) { IdempotencyKey = key };

    private static IEnumerable<string> Texts(HistoryPage page) => page.Messages.Select(static m => m.Text);

    private Task<IMessageHistory> CreateAsync() => CreateAsync(new ChatKitOptions());

    private async ValueTask<MessagePosition> AppendAsync(IMessageHistory history, string text, int? capacity = null) =>
        (await history.AppendAsync(_room, Message(text), capacity)).Position;

    /// <summary>Appends numbered texts, starting with 1. Returns the last position.</summary>
    private async Task<MessagePosition> FillAsync(IMessageHistory history, int count, int? capacity = null)
    {
        MessagePosition last = default;
        for (var i = 1; i <= count; i++)
            last = await AppendAsync(history, $"{i}", capacity);
        return last;
    }
}
