using System.Text.Json.Nodes;
using ChatKit.ChatKitV1;
using ChatKit.Rooms;
using ChatKit.Tests.Fixtures;

namespace ChatKit.Tests.Rooms;

/// <summary>Changes of messages reach every member once and in order, whatever the backplane and the members do.</summary>
public sealed class MessageChangeTests : IAsyncDisposable
{
    private readonly RoomFixture _room = new();

    public ValueTask DisposeAsync() => _room.DisposeAsync();

    [Fact]
    public async Task A_live_member_receives_a_change_and_a_plain_client_does_not()
    {
        await _room.PublishAsync(2);
        var (v1, plain) = (await JoinAsync(), await _room.JoinAsync("plain"));

        await EditAsync(1, "1a");
        await DeleteAsync(2);
        await _room.PublishAsync();

        Assert.Equal(["1", "2", "live 0", "change 1 r1 1a", "change 2 r2 deleted", "3"], await ReceiveAsync(v1, 6));
        Assert.Equal(["1", "2", "3"], await plain.ReceiveAsync(3));
    }

    [Fact]
    public async Task Newcomers_receive_messages_as_they_are_now()
    {
        await _room.PublishAsync(3);
        await EditAsync(1, "1a");
        await DeleteAsync(2);

        var (v1, plain) = (await JoinAsync(), await _room.JoinAsync("plain"));

        Assert.Equal(["1a edited", "deleted", "3", "live 2"], await ReceiveAsync(v1, 4));
        Assert.Equal(["1a", "3"], await plain.ReceiveAsync(2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_newcomer_receives_messages_as_they_are_now_from_the_latest_messages_in_memory(bool whileWaiting)
    {
        await _room.PublishAsync(3);
        var keeper = await JoinAsync("keeper");
        if (whileWaiting)
            keeper.Accept(0);
        await _room.PublishAsync();
        await EditAsync(2, "2a");
        await DeleteAsync(4);
        var reads = _room.History.Reads;

        var late = await JoinAsync("late");

        Assert.Equal(["1", "2a edited", "3", "deleted", "live 2"], await ReceiveAsync(late, 5));
        Assert.Equal(reads, _room.History.Reads);
    }

    [Theory]
    [InlineData(null, "change 1 r1 1a", "change 3 r3 3b")]
    [InlineData(0, "change 1 r1 1a", "change 3 r3 3b")]
    [InlineData(1, "change 3 r3 3b")]
    [InlineData(2, "change 3 r3 3b")]
    [InlineData(3)]
    public async Task Who_resumes_receives_the_latest_change_of_each_message_that_it_has(int? revision, params string[] changes)
    {
        await _room.PublishAsync(3);
        var top = (await _room.History.Object.ReadAsync(RoomFixture.Name)).Top;
        await EditAsync(1, "1a");
        await EditAsync(3, "3a");
        await EditAsync(3, "3b");
        await _room.PublishAsync();
        await EditAsync(4, "4a");

        var client = await JoinAsync(after: new StreamPosition(top, revision));

        string[] expected = [.. changes, "4a edited", "live 4"];
        Assert.Equal(expected, await ReceiveAsync(client, expected.Length));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_whose_changes_the_store_has_lost_starts_again(bool isInMemory)
    {
        await _room.PublishAsync(2);
        if (isInMemory)
            await ReceiveAsync(await JoinAsync("keeper"), 3);
        var top = (await _room.History.Object.ReadAsync(RoomFixture.Name)).Top;

        var client = await JoinAsync(after: new StreamPosition(top, 7));

        Assert.Equal(["gap", "1", "2", "live 0"], await ReceiveAsync(client, 4));
    }

    [Fact]
    public async Task A_client_that_has_a_change_before_its_room_does_is_live_with_it()
    {
        await _room.PublishAsync(2);
        var keeper = await JoinAsync("keeper");
        await ReceiveAsync(keeper, 3);
        await LoseAsync(() => EditAsync(1, "1a"));
        var top = (await _room.History.Object.ReadAsync(RoomFixture.Name)).Top;

        var client = await JoinAsync(after: new StreamPosition(top, 1));

        Assert.Equal(["live 1"], await ReceiveAsync(client, 1));
        _room.Check();
        Assert.Equal("change 1 r1 1a", (await ReceiveAsync(keeper, 4))[3]);
        await EditAsync(2, "2a");
        Assert.Equal(["live 1", "change 2 r2 2a"], await ReceiveAsync(client, 2));
    }

    [Fact]
    public async Task A_lost_change_is_noticed_by_the_next_one_and_read_from_history()
    {
        await _room.PublishAsync(3);
        var client = await JoinAsync();
        await LoseAsync(() => EditAsync(1, "1a"));
        await LoseAsync(() => EditAsync(2, "2a"));
        await LoseAsync(() => EditAsync(1, "1b"));

        await EditAsync(3, "3a");

        Assert.Equal(["change 2 r2 2a", "change 1 r3 1b", "change 3 r4 3a"], (await ReceiveAsync(client, 7))[4..]);
    }

    [Fact]
    public async Task A_lost_change_is_noticed_at_the_next_check()
    {
        await _room.PublishAsync(2);
        var client = await JoinAsync();
        await LoseAsync(() => DeleteAsync(2));

        _room.Check();

        Assert.Equal("change 2 r1 deleted", (await ReceiveAsync(client, 4))[3]);
    }

    [Fact]
    public async Task A_change_never_precedes_its_message()
    {
        await _room.PublishAsync(1);
        var client = await JoinAsync();
        await _room.PublishAsync(lost: true);
        await LoseAsync(() => EditAsync(1, "1a"));

        await EditAsync(2, "2a");

        Assert.Equal(["1", "live 0", "2a edited", "change 1 r1 1a"], await ReceiveAsync(client, 4));
        await _room.PublishAsync();
        Assert.Equal("3", (await ReceiveAsync(client, 5))[4]);
    }

    [Fact]
    public async Task Doubled_and_swapped_changes_are_delivered_once_and_in_order()
    {
        await _room.PublishAsync(2);
        var client = await JoinAsync();
        ChatMessage? held = null;
        _room.Backplane.Transform = message =>
        {
            held = message;
            return [];
        };
        await EditAsync(1, "1a");
        _room.Backplane.Transform = message => [message, held!, message];

        await EditAsync(2, "2a");
        _room.Backplane.Transform = static message => [message];
        await _room.PublishAsync();

        Assert.Equal(["change 1 r1 1a", "change 2 r2 2a", "3"], (await ReceiveAsync(client, 6))[3..]);
    }

    [Fact]
    public async Task A_slow_member_receives_the_latest_state_once_it_reads_again()
    {
        await _room.PublishAsync(3);
        var client = await JoinAsync();
        client.Accept(0);
        await EditAsync(1, "1a");
        await UntilBehindAsync();
        await EditAsync(1, "1b");
        await _room.PublishAsync();
        await EditAsync(4, "4a");
        await DeleteAsync(2);

        client.Accept();

        Assert.Equal(["change 1 r2 1b", "change 2 r4 deleted", "4a edited"], (await ReceiveAsync(client, 7))[4..]);
        await EditAsync(3, "3a");
        Assert.Equal("change 3 r5 3a", (await ReceiveAsync(client, 8))[7]);
    }

    [Fact]
    public async Task A_slow_member_that_missed_only_a_change_receives_it()
    {
        await _room.PublishAsync(2);
        var client = await JoinAsync();
        await EditAsync(2, "2a");
        await ReceiveAsync(client, 4);
        client.Accept(0);
        await EditAsync(1, "1a");
        await UntilBehindAsync();

        client.Accept();

        Assert.Equal("change 1 r2 1a", (await ReceiveAsync(client, 5))[4]);
    }

    /// <summary>A member can have read a message that the room has not accepted yet, from history or on another node.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_member_that_is_ahead_of_the_room_receives_the_change_of_a_message_that_the_room_lacks(bool isLost)
    {
        await _room.PublishAsync(1);
        await JoinAsync("keeper");
        await _room.PublishAsync(lost: true);
        var top = (await _room.History.Object.ReadAsync(RoomFixture.Name)).Top;
        var ahead = await JoinAsync("ahead", top);

        if (isLost)
            await LoseAsync(() => EditAsync(2, "2a"));
        else
            await EditAsync(2, "2a");
        _room.Check();

        Assert.Equal(["live 0", "change 2 r1 2a"], await ReceiveAsync(ahead, 2));
    }

    [Fact]
    public async Task Who_resumes_receives_the_change_of_a_message_that_the_room_has_accepted_in_its_new_state()
    {
        await _room.PublishAsync(1);
        var keeper = await JoinAsync("keeper");
        await _room.PublishAsync(lost: true);
        var top = (await _room.History.Object.ReadAsync(RoomFixture.Name)).Top;
        await EditAsync(2, "2a");
        Assert.Equal(["1", "live 0", "2a edited"], await ReceiveAsync(keeper, 3));

        var late = await JoinAsync("late", top);

        Assert.Equal(["change 2 r1 2a", "live 1"], await ReceiveAsync(late, 2));
    }

    [Fact]
    public async Task A_slow_member_that_is_ahead_of_the_room_receives_all_changes()
    {
        await _room.PublishAsync(1);
        await JoinAsync("keeper");
        await _room.PublishAsync(lost: true);
        var top = (await _room.History.Object.ReadAsync(RoomFixture.Name)).Top;
        var ahead = await JoinAsync("ahead", top);
        ahead.Accept(0);
        await EditAsync(1, "1a");
        await UntilBehindAsync();
        await EditAsync(2, "2a");

        ahead.Accept();

        Assert.Equal(["live 0", "change 1 r1 1a", "change 2 r2 2a"], await ReceiveAsync(ahead, 3));
    }

    [Fact]
    public async Task A_slow_member_that_has_a_change_before_its_room_does_not_receive_it_again()
    {
        await _room.PublishAsync(2);
        await JoinAsync("keeper");
        await LoseAsync(() => EditAsync(1, "1a"));
        var top = (await _room.History.Object.ReadAsync(RoomFixture.Name)).Top;
        var ahead = await JoinAsync("ahead", new StreamPosition(top, 1));
        ahead.Accept(0);
        await _room.PublishAsync();
        await UntilBehindAsync();

        ahead.Accept();

        Assert.Equal(["live 1", "3"], await ReceiveAsync(ahead, 2));
    }

    [Fact]
    public async Task Writers_editors_and_clients_agree_in_the_end()
    {
        await using var host = new ChatHost();

        await ConcurrentEdits.VerifyAsync(host, host);
    }

    [Fact]
    public async Task Members_that_join_while_others_edit_end_up_with_what_is_stored()
    {
        const int Messages = 50, Edits = 400, Joiners = 40;
        await _room.PublishAsync(Messages);
        var random = new Random(20261130);
        List<Task<(FakeRoomClient Client, long After)>> joining = [];
        for (var i = 0; i < Edits; i++)
        {
            if (i % (Edits / Joiners) == 0)
            {
                var page = await _room.History.Object.ReadAsync(RoomFixture.Name);
                var after = random.Next(3) == 0 ? 0 : page.Top.Sequence - random.Next(Messages / 2);
                StreamPosition? position = after == 0 ? null : new StreamPosition(page.Top with { Sequence = after }, page.Revision);
                joining.Add(Task.Run(async () => (await JoinAsync($"{after}", position), after)));
            }

            if (random.Next(4) == 0)
                await _room.PublishAsync();
            else if (random.Next(4) == 0)
                await LoseAsync(async () => await EditAsync(await StoredAsync(random), $"lost {i}"));
            else
                await EditAsync(await StoredAsync(random), $"edit {i}");
        }

        await _room.PublishAsync();
        _room.Check();
        var stored = await _room.History.Object.ReadAsync(RoomFixture.Name);
        foreach (var task in joining)
        {
            var (client, after) = await task.Soon();
            await Patience.UntilAsync(
                () =>
                {
                    // Messages up to its position were not sent to it, unless they were changed afterwards.
                    var shown = Shown(client);
                    return stored.Messages.All(message => shown.TryGetValue(message.Position!.Value.Sequence, out var text)
                        ? text == message.Text
                        : message.Position!.Value.Sequence <= after);
                },
                "the client shows what is stored");
        }
    }

    private async Task<int> StoredAsync(Random random) =>
        (int)(await _room.History.Object.ReadAsync(RoomFixture.Name)).Messages[random.Next(50)].Position!.Value.Sequence;

    private Task UntilBehindAsync() =>
        Patience.UntilAsync(() => _room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 200), "the client is behind");

    private static Dictionary<long, string> Shown(FakeRoomClient client)
    {
        Dictionary<long, string> shown = [];
        foreach (var frame in client.Texts.Select(static text => JsonNode.Parse(text)!))
        {
            if ((string?)frame["position"] is { } position && (string?)frame["type"] is "message" or "change")
                shown[MessagePosition.Parse((string)frame["position"]!).Sequence] = (string?)frame["data"] ?? "";
        }

        return shown;
    }

    private async Task<FakeRoomClient> JoinAsync(string id = "client", StreamPosition? after = null)
    {
        var client = new FakeRoomClient(id) { Format = WireFormat.V1 };
        await _room.Rooms.Enter(RoomFixture.Name, client, 100, after).StartAsync().AsTask().Soon();
        return client;
    }

    private async Task EditAsync(int sequence, string text) =>
        Assert.Equal(ChangeOutcome.Changed, (await ChangeAsync(Outgoing.Edit(await PositionAsync(sequence), text, default, "bob"))).Outcome);

    private async Task DeleteAsync(int sequence) =>
        Assert.Equal(ChangeOutcome.Changed, (await ChangeAsync(Outgoing.Deletion(await PositionAsync(sequence), default, null))).Outcome);

    private ValueTask<ChangeResult> ChangeAsync(MessageChange change) => _room.Backplane.ChangeAsync(RoomFixture.Name, change, default);

    private async ValueTask<MessagePosition> PositionAsync(int sequence) =>
        (await _room.History.Object.ReadBeforeAsync(RoomFixture.Name, null, 1)).Messages[^1].Position!.Value with { Sequence = sequence };

    private async Task LoseAsync(Func<Task> change)
    {
        _room.Backplane.Transform = static _ => [];
        await change();
        _room.Backplane.Transform = static message => [message];
    }

    /// <summary>What a client has received, in short.</summary>
    private static async Task<string[]> ReceiveAsync(FakeRoomClient client, int count)
    {
        var texts = await client.ReceiveAsync(count);
        Assert.Equal(count, texts.Length);
        return [.. texts.Select(static text => Shorten(JsonNode.Parse(text)!))];
    }

    private static string Shorten(JsonNode frame)
    {
        var state = (bool?)frame["deleted"] == true ? "deleted" : (string?)frame["data"];
        return (string)frame["type"]! switch
        {
            "message" => frame["edited"] is null ? state! : $"{state} edited",
            "change" => $"change {MessagePosition.Parse((string)frame["position"]!).Sequence} r{frame["revision"]} {state}",
            "live" => $"live {frame["revision"] ?? 0}",
            var type => type,
        };
    }
}
