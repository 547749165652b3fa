using System.Net.WebSockets;
using System.Text.Json.Nodes;
using ChatKit.ChatKitV1;
using ChatKit.Tests.Fixtures;
using static ChatKit.Tests.Rooms.RoomFixture;

namespace ChatKit.Tests.Rooms;

/// <summary>What a client that says where it was is given, and what it is told of what it is not given.</summary>
public class ResumeTests
{
    [Fact]
    public async Task A_new_client_gets_stored_messages_and_then_is_live()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(3);
        var top = await TopAsync(room);

        var (connection, frames) = await room.Host.EnterV1Async(room: Name);
        await room.PublishAsync();

        Assert.Equal([.. Texts(1, 3), "live"], frames.Shorten());
        Assert.Equal((top, false), Live(frames));
        Assert.Equal("4", (string?)(await connection.Client.ReceiveJsonAsync())["data"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(100)]
    public async Task A_client_that_resumes_gets_exactly_what_it_missed(int missed)
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(5);
        var known = await TopAsync(room);
        await room.PublishAsync(missed);

        var (_, frames) = await room.Host.EnterV1Async(room: Name, after: known);

        Assert.Equal([.. Texts(6, 5 + missed), "live"], frames.Shorten());
        Assert.Equal((await TopAsync(room), true), Live(frames));
    }

    [Fact]
    public async Task A_client_gets_a_skip_frame_for_a_message_that_is_not_for_it()
    {
        await using var host = new ChatHost();
        var toOthers = new BroadcastOptions { Audience = Audience.Others };
        var (connection, _) = await host.EnterV1Async();
        var others = await host.EnterAsync();
        await connection.Handler.Broadcast("to others", toOthers);
        await connection.Handler.Broadcast("fleeting", new BroadcastOptions { Audience = Audience.Others, Store = false });
        await connection.Handler.Broadcast("to all");

        var frames = await connection.Client.ReceiveJsonAsync(2);

        Assert.Equal(["skip", "to all"], frames.Shorten());
        Assert.Equal("lobby", (string?)frames[0]["room"]);
        Assert.Equal(["to others", "fleeting", "to all"], await others.Client.ReceiveTextsAsync(3));
        var top = await TopAsync(host);
        Assert.Equal(
            [(top with { Sequence = 1 }).ToString(), (top with { Sequence = 2 }).ToString()],
            frames.Select(static frame => (string?)frame["position"]));
    }

    [Fact]
    public async Task A_client_that_joins_gets_skip_frames_too()
    {
        await using var host = new ChatHost();
        var handler = new ScriptedHandler
        {
            Open = static async handler =>
            {
                await handler.Broadcast("1");
                await handler.Broadcast("has come", new BroadcastOptions { Audience = Audience.Others });
                await handler.Broadcast("3");
            },
        };

        var (_, fresh) = await host.EnterV1Async(handler);
        var (_, resumed) = await host.EnterV1Async(handler, after: await TopAsync(host) with { Sequence = 2 });

        Assert.Equal(["1", "skip", "3", "live"], fresh.Shorten());
        Assert.Equal(["3", "1", "skip", "3", "live"], resumed.Shorten());
    }

    [Fact]
    public async Task A_client_that_has_missed_nothing_is_live_at_once()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(5);
        var top = await TopAsync(room);

        var (_, frames) = await room.Host.EnterV1Async(room: Name, after: top);

        Assert.Equal((top, true), Live(Assert.Single(frames), frames));
    }

    [Fact]
    public async Task A_client_that_missed_more_than_is_stored_gets_a_gap_and_the_rest()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(10);
        var known = await TopAsync(room);
        await room.PublishAsync(357);

        var (_, frames) = await room.Host.EnterV1Async(room: Name, after: known);

        Assert.Equal(["gap", .. Texts(268, 367), "live"], frames.Shorten());
        AssertGap(frames[0], after: known, next: known with { Sequence = 268 }, missed: 257);
        Assert.Equal((await TopAsync(room), false), Live(frames));
    }

    [Fact]
    public async Task A_client_that_resumes_from_an_empty_room_gets_a_gap_for_messages_that_are_no_longer_stored()
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        var (_, empty) = await room.Host.EnterV1Async(room: Name);
        Assert.Equal((MessagePosition.None, false), Live(empty));
        await room.PublishAsync(15);

        var (_, frames) = await room.Host.EnterV1Async(room: Name, after: MessagePosition.None);

        Assert.Equal(["gap", .. Texts(6, 15), "live"], frames.Shorten());
        AssertGap(frames[0], after: MessagePosition.None, next: (await TopAsync(room)) with { Sequence = 6 }, missed: 5);
    }

    [Fact]
    public async Task A_client_whose_stream_is_lost_gets_a_reset()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(3);
        var known = new MessagePosition("lost", 2);

        var (_, frames) = await room.Host.EnterV1Async(room: Name, after: known);

        Assert.Equal(["gap", .. Texts(1, 3), "live"], frames.Shorten());
        AssertGap(frames[0], after: known, next: (await TopAsync(room)) with { Sequence = 1 }, missed: null);
        Assert.Equal((await TopAsync(room), false), Live(frames));
    }

    [Fact]
    public async Task A_client_whose_stream_is_lost_gets_a_reset_even_if_no_new_stream_has_started()
    {
        await using var room = new RoomFixture();
        var known = new MessagePosition("lost", 2);

        var (_, frames) = await room.Host.EnterV1Async(room: Name, after: known);

        Assert.Equal(["gap", "live"], frames.Shorten());
        AssertGap(frames[0], after: known, next: null, missed: null);
        Assert.Equal((MessagePosition.None, false), Live(frames));
    }

    [Fact]
    public async Task A_position_beyond_the_top_gets_a_reset()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(3);
        var top = await TopAsync(room);

        var (_, frames) = await room.Host.EnterV1Async(room: Name, after: top with { Sequence = 999 });

        Assert.Equal(["gap", .. Texts(1, 3), "live"], frames.Shorten());
        Assert.True((bool?)frames[0]["reset"]);
    }

    [Fact]
    public async Task A_client_that_resumes_gets_everything_it_missed_even_if_the_endpoint_replays_less()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(1);
        var known = await TopAsync(room);
        await room.PublishAsync(20, capacity: 100);
        var options = new WebSocketConnectionOptions { HistoryCapacity = 5 };

        var (_, fresh) = await room.Host.EnterV1Async(room: Name, options: options);
        var (_, resumed) = await room.Host.EnterV1Async(room: Name, after: known, options: options);

        Assert.Equal([.. Texts(17, 21), "live"], fresh.Shorten());
        Assert.Equal([.. Texts(2, 21), "live"], resumed.Shorten());
    }

    [Fact]
    public async Task Without_history_a_client_is_live_and_not_recovered()
    {
        await using var room = new RoomFixture();
        var options = new WebSocketConnectionOptions { HistoryCapacity = 0 };

        var (connection, frames) = await room.Host.EnterV1Async(room: Name, after: MessagePosition.None, options: options);
        await connection.WaitUntilEnteredV1Async();
        await room.PublishEphemeralAsync("hi");

        Assert.Equal((MessagePosition.None, false), Live(Assert.Single(frames), frames));
        Assert.Equal("hi", (string?)(await connection.Client.ReceiveJsonAsync())["data"]);
    }

    [Fact]
    public async Task Messages_sent_while_a_client_catches_up_follow_with_no_gaps()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(5);
        var known = await TopAsync(room);
        await room.PublishAsync(50);
        room.History.AfterRead = () =>
        {
            room.History.AfterRead = null;
            return room.PublishAsync(20);
        };

        var (connection, frames) = await room.Host.EnterV1Async(room: Name, after: known);
        await room.PublishAsync(5);

        Assert.Equal([.. Texts(6, 75), "live"], frames.Shorten());
        Assert.Equal(Texts(76, 80), (await connection.Client.ReceiveJsonAsync(5)).Shorten());
    }

    [Fact]
    public async Task Each_room_is_resumed_from_its_own_position_and_once()
    {
        await using var host = new ChatHost();
        foreach (var name in new[] { "lobby", "other~room" })
        {
            for (var i = 1; i <= 3; i++)
                await host.Broadcaster.BroadcastAsync(name, $"{name} {i}");
        }

        var after = new Dictionary<string, MessagePosition>
        {
            ["lobby"] = (await host.History.ReadAsync("lobby")).Messages[1].Position!.Value,
            ["other~room"] = (await host.History.ReadAsync("other~room")).Messages[0].Position!.Value,
        };
        var connection = await host.ConnectV1Async(after: after);
        Assert.Equal(["lobby 3", "live"], (await connection.Client.ReceiveJsonUntilAsync("live")).Shorten());

        await connection.WaitUntilEnteredV1Async();
        await connection.Handler.Join("other~room");
        Assert.Equal(["other~room 2", "other~room 3", "live"], (await connection.Client.ReceiveJsonUntilAsync("live")).Shorten());
        await connection.Handler.Leave("other~room");
        await connection.Handler.Join("other~room");
        Assert.Equal(
            ["other~room 1", "other~room 2", "other~room 3", "live"], (await connection.Client.ReceiveJsonUntilAsync("live")).Shorten());
    }

    [Fact]
    public async Task An_unavailable_history_delays_only_the_missed_messages()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(5);
        var known = await TopAsync(room);
        await room.PublishAsync(5);
        room.History.Down = true;
        var connection = await room.Host.ConnectV1Async(room: Name, after: new Dictionary<string, MessagePosition> { [Name] = known });
        await connection.WaitUntilEnteredV1Async();

        room.History.Down = false;
        room.Check();

        var frames = await connection.Client.ReceiveJsonUntilAsync("live");
        Assert.Equal([.. Texts(6, 10), "live"], frames.Shorten());
        Assert.Equal((await TopAsync(room), true), Live(frames));
    }

    [Fact]
    public async Task A_slow_client_gets_a_gap_for_what_it_missed_and_stays_connected()
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        var client = new FakeRoomClient { Format = WireFormat.V1 };
        await room.JoinAsync(client, replay: 10);
        await room.PublishAsync(5);
        await client.ReceiveAsync(6);

        client.Accept(0);
        await room.PublishAsync(50);
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 200), "the client is behind");
        client.Accept();
        await client.ReceiveAsync(17);
        await room.PublishAsync(2);

        var frames = (await client.ReceiveAsync(19)).Select(ToJson).ToList();
        Assert.Equal(["live", .. Texts(1, 5), "gap", .. Texts(46, 55), .. Texts(56, 57)], frames.Shorten());
        var top = await TopAsync(room);
        AssertGap(frames[6], after: top with { Sequence = 5 }, next: top with { Sequence = 46 }, missed: 40);
        Assert.False(client.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_slow_client_gets_its_live_frame_as_soon_as_its_queue_has_space()
    {
        await using var room = new RoomFixture();
        await room.PublishAsync(3);
        var client = new FakeRoomClient { Format = WireFormat.V1 };
        client.Accept(3);
        var joining = room.JoinAsync(client);
        await client.ReceiveAsync(3);

        client.Accept();
        await joining.Soon();

        Assert.Equal([.. Texts(1, 3), "live"], client.Texts.Select(ToJson).Shorten());
    }

    [Fact]
    public async Task Live_clients_get_a_gap_for_lost_messages_that_are_no_longer_stored()
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        var (connection, _) = await room.Host.EnterV1Async(room: Name);
        await room.PublishAsync(1);
        await room.PublishAsync(30, lost: true);
        await room.PublishAsync(1);

        var frames = await connection.Client.ReceiveJsonAsync(12);

        Assert.Equal(["1", "gap", .. Texts(23, 32)], frames.Shorten());
        var top = await TopAsync(room);
        AssertGap(frames[1], after: top with { Sequence = 1 }, next: top with { Sequence = 23 }, missed: 21);
    }

    [Fact]
    public async Task A_client_that_already_has_the_lost_messages_gets_no_gap()
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        var (old, _) = await room.Host.EnterV1Async(room: Name);
        await room.PublishAsync(1);
        Assert.Equal(["1"], (await old.Client.ReceiveJsonAsync(1)).Shorten());
        await room.PublishAsync(20, lost: true);
        var top = await TopAsync(room);
        var (late, _) = await room.Host.EnterV1Async(room: Name, after: top);

        room.Check();
        await old.Client.ReceiveJsonAsync(11);
        await room.PublishAsync();

        Assert.Equal(["22"], (await old.Client.ReceiveJsonAsync(1)).Shorten());
        Assert.Equal(["22"], (await late.Client.ReceiveJsonAsync(1)).Shorten());
    }

    [Fact]
    public async Task A_client_that_already_has_some_of_the_lost_messages_gets_a_gap_for_the_others_only()
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        var (old, _) = await room.Host.EnterV1Async(room: Name);
        await room.PublishAsync(1);
        Assert.Equal(["1"], (await old.Client.ReceiveJsonAsync(1)).Shorten());
        await room.PublishAsync(20, lost: true);
        var top = await TopAsync(room);
        var (late, _) = await room.Host.EnterV1Async(room: Name, after: top);
        await room.PublishAsync(15, lost: true);

        room.Check();

        var (ofOld, ofLate) = (await old.Client.ReceiveJsonAsync(11), await late.Client.ReceiveJsonAsync(11));
        Assert.Equal(["gap", .. Texts(27, 36)], ofOld.Shorten());
        AssertGap(ofOld[0], after: top with { Sequence = 1 }, next: top with { Sequence = 27 }, missed: 25);
        Assert.Equal(["gap", .. Texts(27, 36)], ofLate.Shorten());
        AssertGap(ofLate[0], after: top, next: top with { Sequence = 27 }, missed: 5);
    }

    [Fact]
    public async Task A_slow_client_that_already_has_some_of_the_lost_messages_gets_a_gap_for_the_others_only()
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        var (old, _) = await room.Host.EnterV1Async(room: Name);
        await room.PublishAsync(1);
        Assert.Equal(["1"], (await old.Client.ReceiveJsonAsync(1)).Shorten());
        await room.PublishAsync(20, lost: true);
        var top = await TopAsync(room);
        var late = new FakeRoomClient { Format = WireFormat.V1 };
        await room.Rooms.Enter(Name, late, replay: 10, top with { Sequence = 11 }).StartAsync();
        await late.ReceiveAsync(11);
        await room.PublishAsync(15, lost: true);

        late.Accept(0);
        room.Check();
        await Patience.UntilAsync(() => room.Host.Logs.GetSnapshot().Any(static record => record.Id.Id == 200), "the client is behind");
        late.Accept();

        var frames = (await late.ReceiveAsync(22)).Skip(11).Select(ToJson).ToList();
        Assert.Equal(["gap", .. Texts(27, 36)], frames.Shorten());
        AssertGap(frames[0], after: top, next: top with { Sequence = 27 }, missed: 5);
    }

    [Fact]
    public async Task Live_clients_that_missed_nothing_get_no_gap_when_the_room_expires()
    {
        await using var room = new RoomFixture(static options => options.RoomTimeToLive = TimeSpan.FromMinutes(1));
        var options = new WebSocketConnectionOptions { PingInterval = Timeout.InfiniteTimeSpan };
        var (connection, _) = await room.Host.EnterV1Async(room: Name, options: options);
        await room.PublishAsync(2);
        var last = await TopAsync(room);

        for (var i = 0; i < 30; i++)
            room.Check();
        Assert.Empty((await room.History.Object.ReadAsync(Name, null, default)).Messages);
        await room.PublishAsync(2);

        Assert.Equal(Texts(1, 4), (await connection.Client.ReceiveJsonAsync(4)).Shorten());
        Assert.Equal(last with { Sequence = 4 }, await TopAsync(room));
    }

    [Fact]
    public async Task Live_clients_get_a_reset_when_the_stream_is_lost()
    {
        await using var room = new RoomFixture();
        var options = new WebSocketConnectionOptions { PingInterval = Timeout.InfiniteTimeSpan };
        var (connection, _) = await room.Host.EnterV1Async(room: Name, options: options);
        await room.PublishAsync(2);
        var lost = await TopAsync(room);
        Assert.Equal(Texts(1, 2), (await connection.Client.ReceiveJsonAsync(2)).Shorten());

        room.LoseHistory();
        room.Check();
        AssertGap(await connection.Client.ReceiveJsonAsync(), after: lost, next: null, missed: null);
        await room.PublishAsync(2);

        Assert.Equal(Texts(3, 4), (await connection.Client.ReceiveJsonAsync(2)).Shorten());
        Assert.NotEqual(lost.Epoch, (await TopAsync(room)).Epoch);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(15, 6)]
    public async Task A_slow_client_gets_no_message_again_when_the_stream_is_lost_before_its_room_notices(int stored, int first)
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        await room.PublishAsync(stored);
        var (keeper, slow) = (new FakeRoomClient("keeper") { Format = WireFormat.V1 }, new FakeRoomClient("slow") { Format = WireFormat.V1 });
        await room.JoinAsync(keeper, replay: 10);
        slow.Accept(2);
        var joining = room.Rooms.Enter(Name, slow, replay: 10).StartAsync().AsTask();
        await slow.ReceiveAsync(2);
        await room.PublishAsync(20);
        await keeper.ReceiveAsync(stored + 22 - first);
        var lost = await TopAsync(room);

        room.LoseHistory();
        slow.Accept();
        await joining.Soon();
        await room.PublishAsync();

        var frames = (await slow.ReceiveAsync(5)).Select(ToJson).ToList();
        Assert.Equal([.. Texts(first, first + 1), "gap", "live", $"{stored + 21}"], frames.Shorten());
        AssertGap(frames[2], after: lost with { Sequence = first + 1 }, next: null, missed: null);
        string[] all = [.. Texts(first, stored), "live", .. Texts(stored + 1, stored + 20), "gap", $"{stored + 21}"];
        Assert.Equal(all, (await keeper.ReceiveAsync(all.Length)).Select(ToJson).Shorten());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(15)]
    public async Task A_client_that_was_notified_of_a_lost_stream_gets_no_message_of_it_from_a_room_that_has_not_noticed(int stored)
    {
        await using var room = new RoomFixture(static options => options.HistoryCapacity = 10);
        await room.PublishAsync(stored);
        await room.JoinAsync("keeper", replay: 10);

        room.LoseHistory();
        var (connection, frames) = await room.Host.EnterV1Async(room: Name, after: MessagePosition.None);
        await room.PublishAsync();

        Assert.Equal(["live"], frames.Shorten());
        Assert.Equal((MessagePosition.None, true), Live(frames));
        Assert.Equal([$"{stored + 1}"], (await connection.Client.ReceiveJsonAsync(1)).Shorten());
    }

    [Fact]
    public async Task A_message_to_others_is_not_sent_back_to_its_sender_on_a_later_connection()
    {
        await using var room = new RoomFixture();
        var listener = await room.JoinAsync("listener");
        var others = new ScriptedHandler { Message = static (handler, message) => handler.Broadcast(message.Text, new() { Audience = Audience.Others }) };
        var first = room.Host.Connect(Name, others, null, static abort => new() { Room = Name, Abort = abort, Id = "c1", Subprotocol = ChatKitSubprotocol.V1 });
        await first.Client.ReceiveJsonUntilAsync("live");
        await first.Client.SendAsync("""{"type":"message","data":"mine","ref":"a-1"}""");
        await first.Client.ReceiveJsonUntilAsync("ack");
        await listener.ReceiveAsync(1);
        first.Client.Disconnect();
        await room.Host.Broadcaster.BroadcastAsync(Name, "between");

        var second = room.Host.Connect(Name, null, null, static abort => new()
        {
            Room = Name,
            Abort = abort,
            Id = "c2",
            FormerIds = ["c0", "c1"],
            Subprotocol = ChatKitSubprotocol.V1,
            ResumeAfter = new Dictionary<string, MessagePosition> { [Name] = MessagePosition.None },
        });

        Assert.Equal(["welcome", "skip", "between", "live"], (await second.Client.ReceiveJsonUntilAsync("live")).Shorten());
        var late = new ChatMessage(WebSocketMessageType.Text, "late"u8.ToArray(), default) { ConnectionId = "c1", Audience = Audience.Others };
        await room.Backplane.PublishAsync(Name, late, null, default);
        await room.Host.Broadcaster.BroadcastAsync(Name, "end");
        Assert.Equal(["skip", "end"], (await second.Client.ReceiveJsonAsync(2)).Shorten());
        Assert.Equal(["mine", "between", "late", "end"], await listener.ReceiveAsync(4));
    }

    [Fact]
    public async Task A_room_whose_first_message_arrives_while_it_is_read_as_empty_loses_nothing()
    {
        await using var room = new RoomFixture();
        var (connection, _) = await room.Host.EnterV1Async(room: Name);
        var plain = await room.JoinAsync();
        var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = room.History.Reads;
        room.History.AfterRead = () =>
        {
            room.History.AfterRead = null;
            found.SetResult();
            return goOn.Task;
        };
        room.Backplane.Reconnect(Name);
        await found.Task.Soon();

        await room.PublishAsync();
        await plain.ReceiveAsync(1);
        goOn.SetResult();
        await Patience.UntilAsync(() => room.History.Reads == before + 2, "the room has read the history again");
        await room.PublishAsync(2);

        Assert.Equal(Texts(1, 3), await plain.ReceiveAsync(3));
        Assert.Equal(Texts(1, 3), (await connection.Client.ReceiveJsonAsync(3)).Shorten());
    }

    [Fact]
    public async Task Clients_without_replay_get_messages_sent_while_they_join()
    {
        await using var room = new RoomFixture();
        await room.JoinAsync("other");
        var client = new FakeRoomClient { Format = WireFormat.V1 };
        var membership = room.Rooms.Enter(Name, client, replay: 0);

        await room.PublishEphemeralAsync("while it joins");
        await client.ReceiveAsync(2);
        await membership.StartAsync().AsTask().Soon();

        Assert.Equal(["live", "while it joins"], client.Texts.Select(ToJson).Shorten());
    }

    [Fact]
    public async Task Clients_without_replay_get_a_gap_for_lost_messages()
    {
        await using var room = new RoomFixture();
        var client = new FakeRoomClient { Format = WireFormat.V1 };
        await room.JoinAsync(client, replay: 0);
        await room.PublishAsync(1);
        await room.PublishAsync(2, lost: true);
        await room.PublishAsync(1);

        var frames = (await client.ReceiveAsync(4)).Select(ToJson).ToList();
        Assert.Equal(["live", "1", "gap", "4"], frames.Shorten());
        var top = await TopAsync(room);
        AssertGap(frames[2], after: top with { Sequence = 1 }, next: top, missed: 2);
    }

    private static JsonObject ToJson(string frame) => JsonNode.Parse(frame)!.AsObject();

    private static async Task<MessagePosition> TopAsync(ChatHost host) => (await host.History.ReadAsync("lobby")).Top;

    private static async Task<MessagePosition> TopAsync(RoomFixture room) => (await room.History.Object.ReadAsync(Name)).Top;

    private static (MessagePosition Position, bool Recovered) Live(List<JsonObject> frames) => Live(frames[^1], frames);

    private static (MessagePosition Position, bool Recovered) Live(JsonObject live, List<JsonObject> frames)
    {
        Assert.Equal("live", (string?)live["type"]);
        Assert.Single(frames, static frame => (string?)frame["type"] == "live");
        return (MessagePosition.Parse((string)live["position"]!), (bool)live["recovered"]!);
    }

    private static void AssertGap(JsonObject frame, MessagePosition after, MessagePosition? next, long? missed)
    {
        Assert.Equal("gap", (string?)frame["type"]);
        Assert.Equal(after.ToString(), (string?)frame["after"]);
        Assert.Equal(next?.ToString(), (string?)frame["next"]);
        Assert.Equal(missed, (long?)frame["missed"]);
        Assert.Equal(missed is null ? true : null, (bool?)frame["reset"]);
    }
}
