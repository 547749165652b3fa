using System.Net.WebSockets;
using System.Text;
using static System.Net.WebSockets.WebSocketMessageType;

namespace ChatKit.Testing.Contracts;

/// <content>What is stored, and how much of it.</content>
internal sealed partial class MessageHistoryChecks
{
    private static void AddMessages(CaseList<MessageHistoryChecks> cases)
    {
        cases.Add(static c => c.Sequences_count_up_by_one_from_1());
        cases.Add(static c => c.Exactly_the_last_100_of_250_messages_of_8_concurrent_writers_remain());
        foreach (var name in Names)
            cases.Add($"{nameof(Each_valid_name_is_a_separate_room)}(\"{Shorten(name)}\")", isOfChanges: false, c => c.Each_valid_name_is_a_separate_room(name));
        cases.Add(static c => c.Rooms_do_not_share_messages());
        cases.Add(static c => c.Bytes_are_read_back_unchanged(0));
        cases.Add(static c => c.Bytes_are_read_back_unchanged(1));
        cases.Add(static c => c.Bytes_are_read_back_unchanged(256));
        cases.Add(static c => c.Bytes_are_read_back_unchanged(64 * 1024));
        cases.Add(static c => c.All_properties_of_a_message_are_read_back(Text, "ann", "c1", Audience.Everyone));
        cases.Add(static c => c.All_properties_of_a_message_are_read_back(Binary, null, "c2", Audience.Others));
        cases.Add(static c => c.All_properties_of_a_message_are_read_back(Text, "日本😀\0\n", null, Audience.Others));
        cases.Add(static c => c.All_properties_of_a_message_are_read_back(Binary, null, null, Audience.Everyone));
        cases.Add(static c => c.Json_stays_json_and_a_text_stays_a_text());
        cases.Add(static c => c.The_position_of_an_appended_message_is_ignored());
        cases.Add(static c => c.The_options_set_how_many_messages_are_kept());
        cases.Add(static c => c.The_largest_requested_capacity_applies());
        cases.Add(static c => c.An_expired_room_is_empty_and_continues_its_positions_or_starts_a_new_stream());
        cases.Add(static c => c.A_canceled_operation_does_not_start());
        cases.Add(static c => c.Arguments_are_checked());
    }

    public async Task Sequences_count_up_by_one_from_1()
    {
        var history = await CreateAsync();
        List<MessagePosition> positions = [];
        for (var i = 0; i < 20; i++)
            positions.Add(await AppendAsync(history, $"{i}"));

        Check.NotEqual("", positions[0].Epoch);
        Check.Sequence(Enumerable.Range(1, 20).Select(i => new MessagePosition(positions[0].Epoch, i)), positions);
        var page = await history.ReadAsync(_room);
        Check.Sequence(positions, page.Messages.Select(static m => m.Position.GetValueOrDefault()));
        Check.Sequence(Enumerable.Range(0, 20).Select(static i => $"{i}"), Texts(page));
        Check.Equal((positions[^1], 0, false), (page.Top, page.Missed, page.Restarted));
    }

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
                Check.Null(Interlocked.Exchange(ref byPosition[position.Sequence], text));
            }
        })));

        Check.Empty(Enumerable.Range(1, Total).Where(i => byPosition[i] is null));
        var page = await history.ReadAsync(_room);
        Check.Sequence(byPosition[^100..], Texts(page));
        Check.Sequence(Enumerable.Range(151, 100).Select(static i => (long)i), page.Messages.Select(static m => m.Position!.Value.Sequence));
        Check.Equal(Total, page.Top.Sequence);
    }

    public async Task Each_valid_name_is_a_separate_room(string name)
    {
        var history = await CreateAsync();
        Check.True(RoomName.IsValid(name, out _));
        var other = name.Length < RoomName.MaxLength ? name + "x" : name[1..];
        var (position, _) = await history.AppendAsync(name, Message("here"), 10);
        await history.AppendAsync(other, Message("there"), 10);

        var page = await history.ReadAsync(name);

        Check.Equal(position, page.Top);
        Check.Equal("here", page.Messages[^1].Text);
        Check.Equal("there", (await history.ReadAsync(other)).Messages[^1].Text);
    }

    public async Task Rooms_do_not_share_messages()
    {
        var history = await CreateAsync();
        for (var i = 1; i <= 5; i++)
        {
            Check.Equal(i, (await history.AppendAsync(_room + "a", Message($"a{i}"))).Position.Sequence);
            Check.Equal(i, (await history.AppendAsync(_room + "b", Message($"b{i}"))).Position.Sequence);
        }

        var (a, b) = (await history.ReadAsync(_room + "a"), await history.ReadAsync(_room + "b"));
        Check.Sequence(["a1", "a2", "a3", "a4", "a5"], Texts(a));
        Check.Sequence(["b1", "b2", "b3", "b4", "b5"], Texts(b));
        Check.NotEqual(a.Top.Epoch, b.Top.Epoch);
    }

    public async Task Bytes_are_read_back_unchanged(int length)
    {
        var history = await CreateAsync();
        var data = Enumerable.Range(0, length).Select(static i => (byte)i).ToArray();
        await history.AppendAsync(_room, new ChatMessage(WebSocketMessageType.Binary, data, DateTimeOffset.UnixEpoch));

        var message = Check.Single((await history.ReadAsync(_room)).Messages);

        Check.Sequence(data, message.Data.ToArray());
    }

    public async Task All_properties_of_a_message_are_read_back(WebSocketMessageType type, string? from, string? connectionId, Audience audience)
    {
        var history = await CreateAsync();
        var at = new DateTimeOffset(2026, 11, 22, 18, 0, 0, 123, TimeSpan.FromHours(9));
        var sent = new ChatMessage(type, Encoding.UTF8.GetBytes("é\0"), at) { From = from, ConnectionId = connectionId, Audience = audience };
        var (position, _) = await history.AppendAsync(_room, sent);

        var message = Check.Single((await history.ReadAsync(_room)).Messages);

        Check.Equal((type, from, connectionId, audience), (message.Type, message.From, message.ConnectionId, message.Audience));
        Check.Equal("é\0", message.Text);
        Check.Equal(at.ToUnixTimeMilliseconds(), message.At.ToUnixTimeMilliseconds());
        Check.Equal(position, message.Position);
    }

    public async Task Json_stays_json_and_a_text_stays_a_text()
    {
        var history = await CreateAsync();
        var json = new ChatMessage(WebSocketMessageType.Text, "{}"u8.ToArray(), DateTimeOffset.UnixEpoch) { IsJson = true, From = "ann" };
        await history.AppendAsync(_room, json);
        await AppendAsync(history, "{}");

        var page = await history.ReadAsync(_room);

        Check.Sequence([(true, "{}", "ann"), (false, "{}", null)], page.Messages.Select(static m => (m.IsJson, m.Text, m.From)));
    }

    public async Task The_position_of_an_appended_message_is_ignored()
    {
        var history = await CreateAsync();

        var (position, _) = await history.AppendAsync(_room, Message("a").WithPosition(new MessagePosition("mine", 77)));

        Check.Equal(1, position.Sequence);
        Check.NotEqual("mine", position.Epoch);
        Check.Equal(position, Check.Single((await history.ReadAsync(_room)).Messages).Position);
    }

    public async Task The_options_set_how_many_messages_are_kept()
    {
        var history = await CreateAsync(new ChatKitOptions { HistoryCapacity = 7 });
        await FillAsync(history, 10);

        Check.Sequence(["4", "5", "6", "7", "8", "9", "10"], Texts(await history.ReadAsync(_room)));
    }

    public async Task The_largest_requested_capacity_applies()
    {
        var history = await CreateAsync();
        await FillAsync(history, 5, capacity: 3);
        await AppendAsync(history, "6");
        Check.Sequence(["4", "5", "6"], Texts(await history.ReadAsync(_room)));

        await AppendAsync(history, "7", capacity: 5);
        await AppendAsync(history, "8");
        Check.Sequence(["4", "5", "6", "7", "8"], Texts(await history.ReadAsync(_room)));

        // Another application with a smaller capacity does not trim the messages of this one.
        await AppendAsync(history, "9", capacity: 1);
        Check.Sequence(["5", "6", "7", "8", "9"], Texts(await history.ReadAsync(_room)));
    }

    public async Task An_expired_room_is_empty_and_continues_its_positions_or_starts_a_new_stream()
    {
        var options = new ChatKitOptions { RoomTimeToLive = TimeSpan.FromSeconds(1) };
        var history = await CreateAsync(options);
        var former = await FillAsync(history, 3);
        await ExpireAsync(_room, options);

        var empty = await history.ReadAsync(_room, former);
        Check.Empty(empty.Messages);
        Check.Equal(empty.Restarted ? MessagePosition.None : former, empty.Top);

        var position = await AppendAsync(history, "new");
        var goesOn = position.Epoch == former.Epoch;
        Check.Equal(goesOn ? 4 : 1, position.Sequence);
        var page = await history.ReadAsync(_room, former with { Sequence = 1 });
        Check.Sequence(["new"], Texts(page));
        Check.Equal((position, goesOn ? 2 : 0, !goesOn), (page.Top, page.Missed, page.Restarted));
    }

    public async Task A_canceled_operation_does_not_start()
    {
        var history = await CreateAsync();
        var cancelled = new CancellationToken(canceled: true);

        await Check.ThrowsAnyAsync<OperationCanceledException>(() => history.AppendAsync(_room, Message("a"), null, cancelled).AsTask());
        await Check.ThrowsAnyAsync<OperationCanceledException>(() => history.ReadAsync(_room, null, cancelled).AsTask());

        Check.Empty((await history.ReadAsync(_room)).Messages);
    }

    public async Task Arguments_are_checked()
    {
        var history = await CreateAsync();

        await Check.ThrowsAsync<ArgumentNullException>(async () => await history.AppendAsync(null!, Message("a")));
        await Check.ThrowsAsync<ArgumentException>(async () => await history.AppendAsync("", Message("a")));
        await Check.ThrowsAsync<ArgumentNullException>(async () => await history.AppendAsync(_room, null!));
        await Check.ThrowsAsync<ArgumentOutOfRangeException>(async () => await history.AppendAsync(_room, Message("a"), 0));
        await Check.ThrowsAsync<ArgumentOutOfRangeException>(async () => await history.AppendAsync(_room, Message("a"), -1));
        await Check.ThrowsAsync<ArgumentNullException>(async () => await history.ReadAsync(null!));
        await Check.ThrowsAsync<ArgumentException>(async () => await history.ReadAsync(""));
    }
}
